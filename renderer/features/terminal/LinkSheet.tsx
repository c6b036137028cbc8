import * as Dialog from '@radix-ui/react-dialog';
import { visibleText } from '../../../shared/model/hostText.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { focusActiveTerminal } from '../panes/paneCommands.ts';
import { copyPlainText } from '../scrollback/plainText.ts';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import sheet from '../shell/sheet.module.css';
import styles from './LinkSheet.module.css';
import { type HostLink, readLink, textOfLink } from './webLinks.ts';

/** A host's links open when asked for, never at once: first it is shown where they truly go. */
export function LinkSheet() {
  const dialog = useUi((s) => s.dialog);
  if (dialog?.kind !== 'links') return null;
  const { links } = dialog;
  return (
    <Dialog.Root open onOpenChange={(next) => !next && closeDialog()}>
      <Dialog.Portal>
        <Dialog.Overlay className={sheet.overlay} />
        <Dialog.Content
          className={`${sheet.sheet} ${sheet.wide}`}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            focusActiveTerminal();
          }}
        >
          <Dialog.Title className={sheet.title}>
            {links.length === 0
              ? 'No links on this screen'
              : links.length === 1
                ? 'Open this link?'
                : 'Open a link?'}
          </Dialog.Title>
          <Dialog.Description className={sheet.hint}>
            {links.length === 0
              ? 'Only addresses that begin with http:// or https:// are taken for links.'
              : 'The terminal’s host wrote it. It opens in your browser, with your browser’s sessions.'}
          </Dialog.Description>
          {links.map((link) => (
            <Link one={links.length === 1} key={`${link.address} ${link.text ?? ''}`} link={link} />
          ))}
          <div className={sheet.footer}>
            <button type="button" onClick={closeDialog}>
              {links.length === 0 ? 'Close' : 'Do not open'}
            </button>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Link({ link, one }: { link: HostLink; one: boolean }) {
  const read = readLink(link.address);
  const text = textOfLink(link);
  return (
    <section className={styles.link} data-one={one}>
      {text === 'name' && <p className={sheet.hint}>Its text: {visibleText(link.text ?? '', 300)}</p>}
      {read && one && <p className={`${sheet.onHost} ${styles.host}`}>{visibleText(read.host, 200)}</p>}
      <ScrollableText className={sheet.command}>
        {visibleText(read?.href ?? link.address, 2_000)}
      </ScrollableText>
      {text === 'other' && (
        <p className={sheet.error} role="alert">
          Its text says something else: {visibleText(link.text ?? '', 300)}
        </p>
      )}
      {read?.account && (
        <p className={sheet.error} role="alert">
          What stands before the @ is a name to log in with, not where it goes.
        </p>
      )}
      {!read && <p className={sheet.hint}>It is not opened: only http and https are.</p>}
      <div className={`${sheet.footer} ${styles.buttons}`}>
        <button type="button" onClick={() => copyPlainText(read?.href ?? link.address)}>
          Copy
        </button>
        {read && (
          <button
            type="button"
            data-primary
            onClick={() => {
              closeDialog();
              window.open(read.href, '_blank', 'noopener,noreferrer');
            }}
          >
            Open {visibleText(read.host, 60)}
          </button>
        )}
      </div>
    </section>
  );
}
