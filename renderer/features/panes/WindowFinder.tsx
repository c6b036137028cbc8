import * as Dialog from '@radix-ui/react-dialog';
import { Command } from 'cmdk';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { panesOf } from '../../../shared/panes/layout.ts';
import type { LayoutWindow } from '../../../shared/panes/layoutState.ts';
import { usePanes } from '../../stores/panes.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import palette from '../shell/Palette.module.css';
import sheet from '../shell/sheet.module.css';
import { terminalOf } from '../terminal/terminals.ts';
import { focusActiveTerminal, focusPane } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';

/** tmux's find-window and choose-tree in one: every pane by window, host, title and what is on its screen. */
export function WindowFinder() {
  const open = useUi((s) => s.dialog?.kind === 'windows');
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && leave()}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={sheet.overlay} />
          <Dialog.Content
            className={palette.palette}
            aria-describedby={undefined}
            onCloseAutoFocus={(event) => event.preventDefault()}
          >
            <Dialog.Title className={palette.hidden}>Find a window or pane</Dialog.Title>
            <Finder />
          </Dialog.Content>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function Finder() {
  const { windows, activeWindow } = usePanes((s) => s.layout);
  const active = windows.find((w) => w.id === activeWindow)?.active ?? '';
  return (
    <Command label="Windows and panes" loop filter={matches} defaultValue={active}>
      <Command.Input
        className={palette.input}
        placeholder="Window, host, title, or text on the screen"
        autoFocus
      />
      <Command.List className={palette.list}>
        <Command.Empty className={palette.empty}>No pane shows that.</Command.Empty>
        {windows.map((window, index) => (
          <Command.Group
            key={window.id}
            heading={`${index}: ${visibleText(window.name, 80)}`}
            className={palette.group}
          >
            {panesOf(window.root).map((pane, number) => (
              <PaneItem key={pane} pane={pane} number={number} window={window} index={index} />
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  );
}

function PaneItem(of: { pane: PaneId; number: number; window: LayoutWindow; index: number }) {
  const { pane, number, window, index } = of;
  const host = usePanes((s) => s.byId[pane]?.host ?? '');
  const title = usePaneUi((s) => s.titles[pane] ?? '');
  const screen = terminalOf(pane)?.screenText ?? '';
  const last = screen.trimEnd().split('\n').at(-1) ?? '';
  return (
    <Command.Item
      value={pane}
      keywords={[`${index} ${window.name} ${host} ${title}`, screen]}
      className={palette.item}
      onSelect={() => {
        leave();
        focusPane(pane);
      }}
    >
      <span>
        {number}: {visibleText(host, 64)} <small>{visibleText(title || last, 90)}</small>
      </span>
    </Command.Item>
  );
}

/** Every word must stand in the names or on the screen; names come first. */
function matches(_value: string, search: string, keywords: readonly string[] = []): number {
  const [names = '', screen = ''] = keywords.map((k) => k.toLowerCase());
  const words = search.toLowerCase().trim().split(/\s+/);
  if (words.every((word) => names.includes(word))) return 1;
  return words.every((word) => names.includes(word) || screen.includes(word)) ? 0.5 : 0;
}

function leave(): void {
  closeDialog();
  focusActiveTerminal();
}
