import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useLanguage } from '../i18n/language';
import { X } from './icons';

export function Dialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  /** Set for a decision that must be made in so many words. */
  role?: 'dialog' | 'alertdialog';
  children: ReactNode;
}): ReactNode {
  const { t } = useLanguage();
  return (
    <ModalOverlay
      className="overlay"
      isOpen={props.open}
      isDismissable={props.role !== 'alertdialog'}
      onOpenChange={(open) => !open && props.onClose()}
    >
      <Modal className="modal">
        <AriaDialog className="dialog" role={props.role ?? 'dialog'}>
          <div className="dialog__head">
            <Heading slot="title" className="dialog__title">
              {props.title}
            </Heading>
            <button type="button" className="icon-button" onClick={props.onClose} aria-label={t('action.close')}>
              <X aria-hidden size={20} />
            </button>
          </div>
          {props.children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
