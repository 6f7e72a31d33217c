import { LoaderCircle, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style' | 'children'> {
  variant?: 'primary' | 'secondary' | 'quiet' | 'danger';
  icon?: LucideIcon;
  /** Shows that the action runs; the button stays in the tab order and says so. */
  busy?: boolean;
  wide?: boolean;
  children: ReactNode;
}

export function Button({ variant = 'secondary', icon: Icon, busy = false, wide, children, ...rest }: ButtonProps): ReactNode {
  const { t } = useLanguage();
  // Not react-aria's `isPending`: its announcement leaves an element without a name, which axe-core rightly minds.
  const { onPress, type, ...others } = rest;
  return (
    <AriaButton
      {...others}
      {...(busy ? { type: 'button' as const, 'aria-disabled': true } : { ...(type && { type }), ...(onPress && { onPress }) })}
      data-pending={busy || undefined}
      className={`button button--${variant}${wide ? ' button--wide' : ''}`}
    >
      {busy ? <LoaderCircle aria-hidden className="spin" size={18} /> : Icon && <Icon aria-hidden size={18} />}
      <span>
        {children}
        {busy && <span className="visually-hidden"> ({t('state.working')})</span>}
      </span>
    </AriaButton>
  );
}

export function LinkButton(props: {
  href: string;
  variant?: 'primary' | 'secondary' | 'quiet';
  icon?: LucideIcon;
  wide?: boolean;
  children: ReactNode;
}): ReactNode {
  const { icon: Icon, variant = 'secondary' } = props;
  return (
    <a href={props.href} className={`button button--${variant}${props.wide ? ' button--wide' : ''}`}>
      {Icon && <Icon aria-hidden size={18} />}
      <span>{props.children}</span>
    </a>
  );
}
