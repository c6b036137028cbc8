import type { PaneId } from '../../../shared/model/pane.ts';
import { terminalOf } from '../terminal/terminals.ts';
import { usePaneUi } from './paneUi.ts';

type Step = [by: 'page' | 'half' | 'line' | 'end', direction: -1 | 1];

/** tmux's keys of its copy mode, both its vi and its emacs ones as far as they move. */
const STEPS: Record<string, Step> = {
  PageUp: ['page', -1],
  PageDown: ['page', 1],
  'Ctrl+F': ['page', 1],
  Space: ['page', 1],
  'Ctrl+U': ['half', -1],
  'Ctrl+D': ['half', 1],
  Up: ['line', -1],
  Down: ['line', 1],
  k: ['line', -1],
  j: ['line', 1],
  Home: ['end', -1],
  End: ['end', 1],
  g: ['end', -1],
  G: ['end', 1],
};

/** True when the key was the scroll mode's. Keys that mean nothing in it do not reach the shell either. */
export function scrollByKey(pane: PaneId, key: string): boolean {
  const terminal = terminalOf(pane);
  if (!terminal) return false;
  if (key === 'q' || key === 'Esc' || key === 'Enter' || key === 'Ctrl+C') {
    leaveScrollMode(pane);
    return true;
  }
  if (key === '/') {
    usePaneUi.setState({ searching: pane });
    return true;
  }
  if (key === 'Ctrl+Shift+C') {
    terminal.copySelection();
    return true;
  }
  const step = STEPS[key];
  if (step) terminal.scroll(...step);
  // So that the header counts anew.
  usePaneUi.setState({ scrolling: pane });
  return true;
}

export function leaveScrollMode(pane: PaneId): void {
  usePaneUi.setState({ scrolling: undefined });
  terminalOf(pane)?.scroll('end', 1);
}
