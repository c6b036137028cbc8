import { visibleText } from '../../../shared/model/hostText.ts';
import { panesOf } from '../../../shared/panes/layout.ts';
import { usePanes } from '../../stores/panes.ts';
import { Sheet } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import { closeWindow, focusActiveTerminal } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';

/** Every shell of the window would end: asked about once, with their hosts. */
export function CloseWindowSheet() {
  const id = usePaneUi((s) => s.closingWindow);
  const window = usePanes((s) => s.layout.windows.find((w) => w.id === id));
  const byId = usePanes((s) => s.byId);
  const leave = () => usePaneUi.setState({ closingWindow: undefined });
  if (!window) return null;
  const panes = panesOf(window.root);
  const hosts = [...new Set(panes.map((pane) => byId[pane]?.host ?? ''))].filter(Boolean);
  const count = panes.length === 1 ? 'one pane' : `${panes.length} panes`;
  return (
    <Sheet
      title={`Close the window ${visibleText(window.name, 80)} with ${count}?`}
      hint={`Their shells end: ${visibleText(hosts.join(', '), 400)}. What they showed stays in the record.`}
      onLeave={leave}
      returnFocus={focusActiveTerminal}
      onKeyDown={(event) => {
        if (event.key === 'y') void closeWindow(window.id);
        else if (event.key === 'n') leave();
      }}
    >
      <div className={sheet.footer}>
        <button type="button" onClick={leave}>
          Keep (n)
        </button>
        <button type="button" data-danger onClick={() => void closeWindow(window.id)}>
          Close {count} (y)
        </button>
      </div>
    </Sheet>
  );
}
