import * as Dialog from '@radix-ui/react-dialog';
import { type ComponentProps, type KeyboardEvent, type ReactNode, useState } from 'react';
import { closeDialog } from '../../stores/ui.ts';
import sheet from './sheet.module.css';

/** Where the focus was before the first of the sheets that followed each other. */
let opener: HTMLElement | undefined;

export function rememberOpener(): void {
  const { activeElement } = document;
  // What a sheet held when it went, the document has: then it is one that follows another.
  if (activeElement === document.body || activeElement?.closest('[role="dialog"]')) return;
  opener = activeElement instanceof HTMLElement ? activeElement : undefined;
}

/** Keys go on where they went before: an Enter too many is not for the shell of the pane that happens to be active. */
export function returnToOpener(): void {
  if (!document.querySelector('[role="dialog"]') && opener?.isConnected) opener.focus();
}

/** What is in a dialog. Radix gives the focus back to a dialog's trigger alone, and these have none. */
export function SheetContent({
  returnFocus,
  ...content
}: Omit<ComponentProps<typeof Dialog.Content>, 'onCloseAutoFocus'> & {
  returnFocus?: (() => void) | undefined;
}) {
  // While it is first rendered: an effect would come when the dialog has the focus already.
  useState(rememberOpener);
  return (
    <Dialog.Content
      {...content}
      onCloseAutoFocus={(event) => {
        event.preventDefault();
        (returnFocus ?? returnToOpener)();
      }}
    />
  );
}

/** A dialog over the window, open while it is there. Escape and a click beside it leave it. */
export function Sheet(props: {
  title: ReactNode;
  /** A sentence or two under the title, read out with it. */
  hint?: ReactNode;
  wide?: boolean;
  className?: string | undefined;
  onLeave: () => void;
  /** Where the focus goes when it closes; by default where it was. */
  returnFocus?: () => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  children: ReactNode;
}) {
  const { title, hint, wide, className, onLeave, returnFocus, onKeyDown, children } = props;
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onLeave()}>
      <Dialog.Portal>
        <Dialog.Overlay className={sheet.overlay} />
        <SheetContent
          className={[sheet.sheet, wide && sheet.wide, className].filter(Boolean).join(' ')}
          onKeyDown={onKeyDown}
          onEscapeKeyDown={(event) => {
            // It hears the key first: what has a step of its own to go back says so.
            if (event.target instanceof Element && event.target.closest('[data-steps-back]'))
              event.preventDefault();
          }}
          {...(hint === undefined && { 'aria-describedby': undefined })}
          returnFocus={returnFocus}
        >
          <Dialog.Title className={sheet.title}>{title}</Dialog.Title>
          {hint !== undefined && <Dialog.Description className={sheet.hint}>{hint}</Dialog.Description>}
          {children}
        </SheetContent>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** What a sheet that asks for one thing ends with. Without `onConfirm` its form is submitted. */
export function SheetButtons(props: {
  onCancel?: () => void;
  onConfirm?: () => void;
  disabled?: boolean;
  /** What is confirmed, in words. */
  children: ReactNode;
}) {
  const { onCancel = closeDialog, onConfirm, disabled = false, children } = props;
  return (
    <footer className={sheet.footer}>
      <button type="button" onClick={onCancel}>
        Cancel
      </button>
      <button type={onConfirm ? 'button' : 'submit'} data-primary disabled={disabled} onClick={onConfirm}>
        {children}
      </button>
    </footer>
  );
}
