import * as Dialog from '@radix-ui/react-dialog';
import { Command } from 'cmdk';
import { useMemo, useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { type Action, type ActionGroup, allActions } from './actions.ts';
import { showKey } from './keys.ts';
import styles from './Palette.module.css';
import { rememberOpener, returnToOpener } from './Sheet.tsx';
import sheet from './sheet.module.css';

const GROUPS: readonly ActionGroup[] = [
  'Workspace',
  'Hosts',
  'Incident',
  'Timeline',
  'Panes',
  'Windows',
  'View',
];

/** Everything that can be done, by its words, with its key beside it. */
export function Palette() {
  const open = useUi((s) => s.dialog?.kind === 'palette');
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && closeDialog()}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={sheet.overlay} />
          <PaletteSheet />
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function PaletteSheet() {
  // What is chosen here may be a dialog.
  useState(rememberOpener);
  const actions = useMemo(() => allActions().filter((a) => a.id !== 'palette' && (a.when?.() ?? true)), []);
  return (
    <Dialog.Content
      className={styles.palette}
      aria-describedby={undefined}
      onCloseAutoFocus={(event) => {
        event.preventDefault();
        // What was chosen may have taken the focus somewhere.
        if (document.activeElement === document.body) returnToOpener();
      }}
    >
      <Dialog.Title className={styles.hidden}>Search or do anything</Dialog.Title>
      <Command label="Actions" loop filter={rank}>
        <Command.Input className={styles.input} placeholder="Search or do anything" autoFocus />
        <Command.List className={styles.list}>
          <Command.Empty className={styles.empty}>Nothing by that name.</Command.Empty>
          {GROUPS.map((group) => {
            const own = actions.filter((a) => a.group === group);
            return (
              own.length > 0 && (
                <Command.Group key={group} heading={group} className={styles.group}>
                  {own.map((action) => (
                    <Command.Item
                      key={action.id}
                      value={action.id}
                      keywords={[action.label, group]}
                      className={styles.item}
                      onSelect={() => run(action)}
                    >
                      <span>{visibleText(action.label, 120)}</span>
                      {action.keys[0] && <kbd>{showKey(action.keys[0])}</kbd>}
                    </Command.Item>
                  ))}
                </Command.Group>
              )
            );
          })}
        </Command.List>
      </Command>
    </Dialog.Content>
  );
}

/** Every word must begin a word of the label; a label that begins with what was typed comes first. 0…1, 0 hides. */
export function rank(_value: string, search: string, keywords: readonly string[] = []): number {
  const label = (keywords[0] ?? '').toLowerCase();
  const wanted = search.trim().toLowerCase();
  const words = label.split(/[\s:,…]+/);
  if (
    !wanted
      .split(/\s+/)
      .every((w) => words.some((word) => word.startsWith(w)) || (w.length > 2 && label.includes(w)))
  )
    return 0;
  return label.startsWith(wanted) ? 1 : label.includes(` ${wanted}`) ? 0.8 : 0.5;
}

function run(action: Action): void {
  closeDialog();
  action.run();
}
