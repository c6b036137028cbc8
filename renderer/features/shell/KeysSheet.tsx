import * as Dialog from '@radix-ui/react-dialog';
import { useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { PROCESS_KEYS } from '../processes/processKeys.ts';
import { FLAME_KEYS } from '../profile/flameKeys.ts';
import { COPY_MODE_KEYS } from '../scrollback/copyModeKeys.ts';
import { allActions } from './actions.ts';
import styles from './KeysSheet.module.css';
import { showKey, showPrefix } from './keys.ts';
import { SheetContent } from './Sheet.tsx';
import sheet from './sheet.module.css';

interface KeyRow {
  id?: string;
  keys: readonly string[];
  label: string;
}

/** Keys that a part of the screen has for itself while the focus is in it. */
const OWN_KEYS: Record<string, readonly KeyRow[]> = {
  'Copy mode': COPY_MODE_KEYS,
  'Process table': PROCESS_KEYS,
  'Flame graph': FLAME_KEYS,
};
const HEADINGS = [
  'Panes',
  'Copy mode',
  'Windows',
  'Hosts',
  'Workspace',
  'Incident',
  'Timeline',
  'View',
  'Process table',
  'Flame graph',
];

/** All keys, from the same table that they act by; first those of where one is. */
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
            <Groups />
            <footer className={sheet.footer}>
              <button type="button" onClick={closeDialog}>
                Close
              </button>
            </footer>
          </SheetContent>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function Groups() {
  // While it is first rendered the focus is still where the keys were asked for.
  const [here] = useState(placeOfFocus);
  const headings = [...HEADINGS.filter((one) => one === here), ...HEADINGS.filter((one) => one !== here)];
  return (
    <div className={styles.columns}>
      {headings.map((heading) => (
        <Keys
          key={heading}
          heading={heading === here ? `${heading} (where you are)` : heading}
          rows={OWN_KEYS[heading] ?? allActions().filter((a) => a.group === heading && a.keys.length > 0)}
        />
      ))}
    </div>
  );
}

function placeOfFocus(): string | undefined {
  const focused = document.activeElement;
  if (focused?.closest('.xterm')) return 'Panes';
  if (focused?.closest('[data-scrollback]')) return 'Copy mode';
  return focused?.closest<HTMLElement>('[data-keys]')?.dataset['keys'];
}

function Keys({ heading, rows }: { heading: string; rows: readonly KeyRow[] }) {
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
