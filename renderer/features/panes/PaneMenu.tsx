import * as Menu from '@radix-ui/react-dropdown-menu';
import { ChevronRight, Ellipsis } from 'lucide-react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PaneSummary } from '../../../shared/model/pane.ts';
import { ARRANGEMENTS } from '../../../shared/panes/arrangements.ts';
import { dispatchLayout, usePanes } from '../../stores/panes.ts';
import { actionById } from '../shell/actions.ts';
import button from '../shell/IconButton.module.css';
import { showKey } from '../shell/keys.ts';
import menu from '../shell/menu.module.css';
import { movePaneToWindow } from './paneActions.ts';
import { focusActiveTerminal } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';

const PANE = [
  'pane.splitRow',
  'pane.splitColumn',

  'pane.swapPrevious',
  'pane.swapNext',
  'pane.rotate',
  'pane.mark',
  'pane.join',
  'pane.swapMarked',
];
const TEXT = [
  'pane.scroll',
  'pane.search',
  'pane.searchAll',
  'pane.links',
  'pane.paste',
  'broadcast.window',
  'broadcast.choose',
  'broadcast.exclude',
];
const LAYOUT = [...ARRANGEMENTS.map((name) => `pane.arrange.${name}`), 'pane.even'];
const WINDOW = [
  'window.new',
  'window.find',
  'window.rename',
  'window.earlier',
  'window.later',
  'window.close',
  'layout.toFile',
  'layout.fromFile',
];

/** What the mouse can do with a pane, and its window, beyond the buttons; each with its key. */
export function PaneMenu({ pane }: { pane: PaneSummary }) {
  const open = usePaneUi((s) => s.menu === pane.id);
  const windows = usePanes((s) => s.layout.windows);

  function onOpenChange(next: boolean): void {
    // The actions are about the active pane.
    if (next) dispatchLayout({ type: 'focus', pane: pane.id });
    usePaneUi.setState({ menu: next ? pane.id : undefined });
  }

  return (
    <Menu.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Menu.Trigger
        className={button.button}
        aria-label={`More for the pane of ${pane.host}`}
        title={showKey('Prefix >')}
        tabIndex={-1}
      >
        <Ellipsis size={14} aria-hidden />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          className={menu.content}
          align="end"
          sideOffset={2}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (!usePaneUi.getState().renaming) focusActiveTerminal();
          }}
        >
          <Items ids={TEXT} />
          <Menu.Separator className={menu.separator} />
          <Items ids={PANE} />
          <Menu.Sub>
            <Menu.SubTrigger className={menu.item}>
              Move to a window <ChevronRight size={13} aria-hidden />
            </Menu.SubTrigger>
            <Menu.Portal>
              <Menu.SubContent className={menu.content} collisionPadding={8}>
                <Items ids={['window.break']} />
                {windows.map((window, index) => (
                  <Menu.Item
                    key={window.id}
                    className={menu.item}
                    disabled={
                      window.active === pane.id || usePanes.getState().layout.activeWindow === window.id
                    }
                    onSelect={() => movePaneToWindow(pane.id, window.id)}
                  >
                    {index}: {visibleText(window.name, 60)}
                  </Menu.Item>
                ))}
              </Menu.SubContent>
            </Menu.Portal>
          </Menu.Sub>
          <Menu.Sub>
            <Menu.SubTrigger className={menu.item}>
              Arrange <ChevronRight size={13} aria-hidden />
            </Menu.SubTrigger>
            <Menu.Portal>
              <Menu.SubContent className={menu.content} collisionPadding={8}>
                <Items ids={LAYOUT} />
              </Menu.SubContent>
            </Menu.Portal>
          </Menu.Sub>
          <Menu.Separator className={menu.separator} />
          <Menu.Label className={menu.label}>Window</Menu.Label>
          <Items ids={WINDOW} />
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Items({ ids }: { ids: readonly string[] }) {
  return ids.map((id) => {
    const action = actionById(id);
    if (!action) return null;
    return (
      <Menu.Item
        key={id}
        className={menu.item}
        disabled={!(action.when?.() ?? true)}
        onSelect={() => action.run()}
      >
        {action.label}
        {action.keys[0] && <kbd>{showKey(action.keys[0])}</kbd>}
      </Menu.Item>
    );
  });
}
