import type { ReactNode } from 'react';
import { CircleAlert, CircleCheck, Info, TriangleAlert } from './icons';

const ICONS = { info: Info, success: CircleCheck, warning: TriangleAlert, danger: CircleAlert };

export function Notice(props: {
  tone?: keyof typeof ICONS;
  title?: string;
  /** Where the title is in another language than the page. */
  titleLanguage?: string | undefined;
  /** `alert` interrupts a screen reader, `status` waits; without it the text is only there. */
  live?: 'alert' | 'status';
  children?: ReactNode;
}): ReactNode {
  const { tone = 'info', title, titleLanguage, live, children } = props;
  const Icon = ICONS[tone];
  return (
    <div className={`notice notice--${tone}`} {...(live && { role: live })}>
      <Icon aria-hidden size={20} className="notice__icon" />
      <div className="notice__body">
        {title !== undefined && (
          <p className="notice__title" lang={titleLanguage}>
            {title}
          </p>
        )}
        {children}
      </div>
    </div>
  );
}
