/** Form fields: a label above, a hint below it, the error beside the field and in words. */
import { useId, type HTMLInputAutoCompleteAttribute, type ReactNode } from 'react';
import { CheckboxButton, CheckboxField, FieldError, Input, Label, Text, TextArea, TextField } from 'react-aria-components';
import { useLanguage } from '../i18n/language';
import { Check } from './icons';

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  required?: boolean;
  name?: string;
}

function LabelText({ label, required }: { label: string; required: boolean }): ReactNode {
  const { t } = useLanguage();
  return (
    <>
      {label}
      {!required && <span className="field__optional"> {t('form.optional')}</span>}
    </>
  );
}

export function TextInput(
  props: FieldProps & {
    value: string;
    onChange: (value: string) => void;
    type?: 'text' | 'date' | 'email' | 'password' | 'number' | 'search';
    multiline?: boolean;
    autoComplete?: HTMLInputAutoCompleteAttribute;
    maxLength?: number;
    mono?: boolean;
    inputMode?: 'numeric' | 'decimal' | 'text';
  },
): ReactNode {
  const { label, hint, error, required = true, value, onChange, type = 'text', multiline, mono } = props;
  const className = mono ? 'input input--mono' : 'input';
  return (
    <TextField
      className="field"
      value={value}
      onChange={onChange}
      isInvalid={error !== undefined}
      isRequired={required}
      validationBehavior="aria"
      {...(props.name !== undefined && { name: props.name })}
      {...(!multiline && { type })}
      {...(props.autoComplete !== undefined && { autoComplete: props.autoComplete })}
      {...(props.maxLength !== undefined && { maxLength: props.maxLength })}
      {...(props.inputMode !== undefined && { inputMode: props.inputMode })}
    >
      <Label className="field__label">
        <LabelText label={label} required={required} />
      </Label>
      {hint !== undefined && (
        <Text slot="description" className="field__hint">
          {hint}
        </Text>
      )}
      {multiline ? <TextArea className={`${className} input--area`} rows={3} /> : <Input className={className} />}
      <FieldError className="field__error">{error}</FieldError>
    </TextField>
  );
}

export interface Option {
  value: string;
  label: string;
}

/** The platform's own list: it is the most accessible one, and the best on a phone. */
export function SelectInput(
  props: FieldProps & { value: string; onChange: (value: string) => void; options: Option[]; placeholder?: string },
): ReactNode {
  const { label, hint, error, required = true, value, onChange, options, placeholder } = props;
  const id = useId();
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>
        <LabelText label={label} required={required} />
      </label>
      {hint !== undefined && (
        <span id={`${id}-hint`} className="field__hint">
          {hint}
        </span>
      )}
      <select
        id={id}
        className="input input--select"
        value={value}
        required={required}
        aria-invalid={error !== undefined}
        {...(described !== '' && { 'aria-describedby': described })}
        {...(props.name !== undefined && { name: props.name })}
        onChange={(event) => onChange(event.target.value)}
      >
        {placeholder !== undefined && <option value="">{placeholder}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      {error !== undefined && (
        <span id={`${id}-error`} className="field__error">
          {error}
        </span>
      )}
    </div>
  );
}

export function CheckboxInput(props: {
  label: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
}): ReactNode {
  return (
    <CheckboxField className="field" isSelected={props.checked} onChange={props.onChange}>
      <CheckboxButton className="checkbox">
        <span className="checkbox__box" aria-hidden>
          {props.checked && <Check size={16} strokeWidth={3} />}
        </span>
        <span>{props.label}</span>
      </CheckboxButton>
    </CheckboxField>
  );
}
