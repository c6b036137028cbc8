import * as Dialog from '@radix-ui/react-dialog';
import { Fragment } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { COPY_MODE_KEYS } from '../scrollback/copyModeKeys.ts';
import { type ActionGroup, allActions } from './actions.ts';
import styles from './KeysSheet.module.css';
import { showKey, showPrefix } from './keys.ts';
import { SheetContent } from './Sheet.tsx';
import sheet from './sheet.module.css';

const GROUPS: readonly ActionGroup[] = ['Panes', 'Windows', 'Workspace', 'Incident', 'Timeline', 'View'];

/** All keys, from the same table that they act by. */
export function KeysSheet() {
  const open = useUi((s) => s.dialog?.kind === 'keys');
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && closeDialog()}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={sheet.overlay} />
          <SheetContent
            className={`${sheet.sheet} ${styles.sheet}`}
            aria-describedby={undefined}
            tabIndex={0}
          >
            <Dialog.Title className={sheet.title}>Keys</Dialog.Title>
            <p className={sheet.hint}>
              In a terminal every key is the shell’s but the prefix {showPrefix()}, Ctrl-Shift-P (palette),
              Ctrl-Shift-F (search) and Ctrl-Shift-C (copy). {showPrefix()} twice sends it. Single letters act
              outside of terminals and fields; Escape goes one step back. <code>settings.yaml</code> in
              Fireline’s data directory sets another prefix and other keys, by the names that stand here as
              tooltips.
            </p>
            <div className={styles.columns}>
              {GROUPS.map((group) => (
                <Fragment key={group}>
                  <Keys
                    heading={group}
                    rows={allActions().filter((a) => a.group === group && a.keys.length > 0)}
                  />
                  {group === 'Panes' && <Keys heading="Copy mode" rows={COPY_MODE_KEYS} />}
                </Fragment>
              ))}
            </div>
          </SheetContent>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function Keys({
  heading,
  rows,
}: {
  heading: string;
  rows: readonly { id?: string; keys: readonly string[]; label: string }[];
}) {
  return (
    <section>
      <h3 className={sheet.subheading}>{heading}</h3>
      <dl className={styles.keys}>
        {rows.map(({ id, keys, label }) => (
          <div key={label} title={id}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{showKey(key)}</kbd>
              ))}
            </dt>
            <dd>{visibleText(label, 80)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
