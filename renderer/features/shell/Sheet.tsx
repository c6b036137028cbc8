import * as Dialog from '@radix-ui/react-dialog';
import type { KeyboardEvent, ReactNode } from 'react';
import sheet from './sheet.module.css';

/** A dialog over the window, open while it is there. Escape and a click beside it leave it. */
export function Sheet(props: {
  title: ReactNode;
  /** A sentence or two under the title, read out with it. */
  hint?: ReactNode;
  wide?: boolean;
  className?: string | undefined;
  onLeave: () => void;
  /** Where the focus goes when it closes. */
  returnFocus?: () => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  children: ReactNode;
}) {
  const { title, hint, wide, className, onLeave, returnFocus, onKeyDown, children } = props;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onLeave()}>
      <Dialog.Portal>
        <Dialog.Overlay className={sheet.overlay} />
        <Dialog.Content
          className={[sheet.sheet, wide && sheet.wide, className].filter(Boolean).join(' ')}
          onKeyDown={onKeyDown}
          {...(hint === undefined && { 'aria-describedby': undefined })}
          {...(returnFocus && {
            onCloseAutoFocus: (event: Event) => {
              event.preventDefault();
              returnFocus();
            },
          })}
        >
          <Dialog.Title className={sheet.title}>{title}</Dialog.Title>
          {hint !== undefined && <Dialog.Description className={sheet.hint}>{hint}</Dialog.Description>}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
