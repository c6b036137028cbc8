import { useEffect } from 'react';
import { panesOf } from '../../../shared/panes/layout.ts';
import { client } from '../../stores/connection.ts';
import { activePane, usePanes } from '../../stores/panes.ts';
import { prefixKey, useSettings } from '../../stores/settings.ts';
import { goLive, useUi } from '../../stores/ui.ts';
import { focusActiveTerminal, focusPane } from '../panes/paneCommands.ts';
import { usePaneUi } from '../panes/paneUi.ts';
import { inputFrame } from '../terminal/terminalInput.ts';
import { terminalOf } from '../terminal/terminals.ts';
import { actionForKey } from './actions.ts';
import { isOursInTerminal, keyOf, prefixBytes, resolveKey, showPrefix } from './keys.ts';

/** tmux's repeat-time. */
const REPEAT_MS = 500;

/** The one listener for keys that are not a widget's own: prefix, palette, single letters outside of fields. */
export function useGlobalKeys(): void {
  useEffect(() => {
    let repeat: ReturnType<typeof setTimeout> | undefined;
    const endMode = () => usePaneUi.setState({ keyMode: 'none' });

    function onKeyDown(event: KeyboardEvent): void {
      if (event.isComposing) return;
      const key = keyOf(event);
      if (key === undefined) return;
      if (take(key, event)) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    }

    /** On the page what has the focus has its own keys first, as a table of processes its `k`, and Escape its step back. */
    function onKeyUnclaimed(event: KeyboardEvent): void {
      const key = keyOf(event);
      if (key === undefined || event.isComposing || event.defaultPrevented) return;
      if (useUi.getState().dialog) return;
      const place = placeOf(event.target);
      const goesBack = place === 'field' && key === 'Esc' && !clearsItself(event.target);
      if (goesBack ? goBack() : place === 'page' && plainKey(key)) event.preventDefault();
    }

    function take(key: string, event: KeyboardEvent): boolean {
      const place = placeOf(event.target);
      if (place === 'dialog' || useUi.getState().dialog) return false;
      if (place === 'field') return /^(Ctrl|Meta)\+|^(Shift\+)?F6$/.test(key) && runKey(key);
      const { keyMode, numbers } = usePaneUi.getState();
      if (keyMode !== 'none') {
        clearTimeout(repeat);
        if (keyMode === 'prefix' || isRepeatable(key)) return afterPrefix(key);
        endMode();
      }
      if (numbers && chooseNumber(key)) return true;
      if (key === prefixKey()) {
        usePaneUi.setState({ keyMode: 'prefix' });
        return true;
      }
      if (place === 'terminal') return terminalKey(key);
      if (place === 'scrollback') return key !== 'Ctrl+Shift+C' && terminalKey(key);
      return false;
    }

    function afterPrefix(key: string): boolean {
      endMode();
      if (key === 'Esc') return true;
      if (key === prefixKey()) {
        sendPrefix();
        return true;
      }
      const action = actionForKey((k) => k === `Prefix ${key}`);
      if (!action) {
        useUi.setState({
          notice: {
            text: `${showPrefix()} ${key} does nothing. ${showPrefix()} ? shows the keys.`,
            tone: 'plain',
          },
        });
        return true;
      }
      action.run();
      if (action.repeats) {
        usePaneUi.setState({ keyMode: 'repeat' });
        repeat = setTimeout(endMode, REPEAT_MS);
      }
      return true;
    }

    document.addEventListener('keydown', onKeyDown, { capture: true });
    document.addEventListener('keydown', onKeyUnclaimed);
    return () => {
      clearTimeout(repeat);
      document.removeEventListener('keydown', onKeyUnclaimed);
      document.removeEventListener('keydown', onKeyDown, { capture: true });
    };
  }, []);
}

function isRepeatable(key: string): boolean {
  return actionForKey((k) => k === `Prefix ${key}`)?.repeats === true;
}

function terminalKey(key: string): boolean {
  if (key === 'Ctrl+Shift+C') {
    const pane = activePane();
    if (pane) terminalOf(pane.id)?.copySelection();
    return true;
  }
  return (isOursInTerminal(key) || isChosen(key)) && runKey(key);
}

/** A key that the settings give to an action is taken from the shell as well, as tmux's `bind -n` does; a letter is not. */
function isChosen(key: string): boolean {
  if ([...key].length === 1) return false;
  const chosen = Object.values(useSettings.getState().keys).flat();
  return chosen.some((one) => resolveKey(one) === key);
}

function plainKey(key: string): boolean {
  if (key === 'Esc') return goBack();
  return runKey(key);
}

function runKey(key: string): boolean {
  const plain = [...key].length === 1 ? key.toUpperCase() : key;
  const action = actionForKey((k) => {
    const resolved = resolveKey(k);
    return resolved === key || resolved === plain;
  });
  action?.run();
  return action !== undefined;
}

/** Escape goes one step back: the past, what stands in the panes' place, then to the terminal. */
function goBack(): boolean {
  const { time, detailMaximised, timelineOver } = useUi.getState();
  if (time.kind === 'past') {
    // An event folds up, and what has the focus in it goes.
    const event = document.activeElement?.closest('[data-event]');
    event?.querySelector<HTMLElement>('[data-head]')?.focus();
    goLive();
    return true;
  }
  if (detailMaximised || timelineOver) {
    useUi.setState({ detailMaximised: false, timelineOver: false });
    if (detailMaximised && !useUi.getState().cramped.detail) return true;
  }
  focusActiveTerminal();
  return true;
}

/** A digit goes to its pane; what is no answer only takes the numbers away, and goes on to the shell it was typed for. */
function chooseNumber(key: string): boolean {
  usePaneUi.setState({ numbers: false });
  const { layout } = usePanes.getState();
  const window = layout.windows.find((w) => w.id === layout.activeWindow);
  if (!/^\d$/.test(key)) return key === 'Esc';
  const pane = window && panesOf(window.root)[Number(key)];
  if (pane !== undefined) focusPane(pane);
  return true;
}

function sendPrefix(): void {
  const pane = activePane();
  const bytes = prefixBytes();
  if (!pane || bytes === undefined) return;
  try {
    client().sendTerminal(inputFrame(pane.wire, bytes));
  } catch {
    // No connection: the banner says so.
  }
}

/** A field of a search that holds something: the browser empties it, which is a step of its own. */
function clearsItself(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === 'search' && target.value !== '';
}

function placeOf(target: EventTarget | null): 'terminal' | 'scrollback' | 'field' | 'dialog' | 'page' {
  if (!(target instanceof Element)) return 'page';
  if (target.closest('.xterm')) return 'terminal';
  if (target.closest('[role="dialog"], [role="alertdialog"], [role="menu"]')) return 'dialog';
  if (target.closest('input, textarea, select, [contenteditable="true"]')) return 'field';
  if (target.closest('[data-scrollback]')) return 'scrollback';
  return 'page';
}
