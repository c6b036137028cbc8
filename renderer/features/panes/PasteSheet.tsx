import { visibleText } from '../../../shared/model/hostText.ts';
import { usePanes } from '../../stores/panes.ts';
import { ScrollableText } from '../shell/ScrollableText.tsx';
import { Sheet, SheetButtons } from '../shell/Sheet.tsx';
import sheet from '../shell/sheet.module.css';
import { tooLongForLineMode } from '../terminal/terminalInput.ts';
import { receiversOf } from './broadcast.ts';
import { broadcastPaste } from './broadcastInput.ts';
import { focusActiveTerminal } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';

const SHOWN_LINES = 40;

/** Several lines for a shell that would run each as it arrives: shown first. */
export function PasteSheet() {
  const paste = usePaneUi((s) => s.paste);
  const host = usePanes((s) => (paste ? s.byId[paste.pane]?.host : undefined));
  if (!paste) return null;
  const leave = () => usePaneUi.setState({ paste: undefined });
  const receivers = receiversOf(paste.pane);
  const names = receivers.map((pane) => visibleText(usePanes.getState().byId[pane]?.host ?? '', 64));
  const into = receivers.length > 1 ? `${receivers.length} panes` : (host ?? 'this pane');
  const longest = tooLongForLineMode(paste.text);
  const lines = paste.text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
  const what = `Paste ${countOf(lines)} into ${into}`;
  return (
    <Sheet
      title={`${what}?`}
      hint={
        receivers.length > 1
          ? `The broadcast is on. Each of these shells gets all of it: ${names.join(', ')}.`
          : 'This shell takes each line as typed: every complete line runs at once.'
      }
      onLeave={leave}
      returnFocus={focusActiveTerminal}
    >
      {longest > 0 && (
        <p className={sheet.error} role="alert">
          One line has {longest.toLocaleString('en')} bytes. A program that reads whole lines from its
          terminal gets 4,095 of them, and the rest is lost; editors, and shells that edit their line, take it
          all. Where it matters, send it as a file.
        </p>
      )}
      <ScrollableText className={sheet.command}>
        {lines
          .slice(0, SHOWN_LINES)
          .map((line) => visibleText(line, 400))
          .join('\n')}
        {lines.length > SHOWN_LINES && `\n… and ${lines.length - SHOWN_LINES} more`}
      </ScrollableText>
      <SheetButtons
        onCancel={leave}
        onConfirm={() => {
          leave();
          broadcastPaste(paste.pane, paste.text);
        }}
      >
        {what}
      </SheetButtons>
    </Sheet>
  );
}

const countOf = (lines: readonly string[]) => (lines.length === 1 ? 'one line' : `${lines.length} lines`);
