import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { PaneId } from '../../../shared/model/pane.ts';
import { IconButton } from '../shell/IconButton.tsx';
import { terminalOf } from '../terminal/terminals.ts';
import styles from './Pane.module.css';
import { focusActiveTerminal } from './paneCommands.ts';
import { usePaneUi } from './paneUi.ts';

/** Beyond this xterm stops marking, and the count says "or more". */
const COUNTED = 1000;

const DECORATIONS = {
  matchBackground: '#5c4a12',
  matchOverviewRuler: '#f0b429',
  activeMatchBackground: '#a87400',
  activeMatchColorOverviewRuler: '#ffd166',
};

/** Searches a terminal's scrollback: Enter goes back in time, Shift-Enter forward. */
export function SearchBar({ pane }: { pane: PaneId }) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<{ index: number; count: number }>();
  const input = useRef<HTMLInputElement>(null);
  const search = terminalOf(pane)?.search;

  useEffect(() => {
    input.current?.focus();
    const listening = search?.onDidChangeResults(({ resultIndex, resultCount }) =>
      setFound({ index: resultIndex, count: resultCount }),
    );
    return () => {
      listening?.dispose();
      search?.clearDecorations();
    };
  }, [search]);

  const earlier = (wanted = text, incremental = false) =>
    search?.findPrevious(wanted, { decorations: DECORATIONS, incremental });
  const later = () => search?.findNext(text, { decorations: DECORATIONS });
  const leave = () => {
    usePaneUi.setState({ searching: undefined });
    terminalOf(pane)?.clearSelection();
    focusActiveTerminal();
  };

  return (
    <search className={styles.search}>
      <input
        ref={input}
        type="text"
        aria-label="Search this terminal"
        placeholder="Search this terminal"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setFound(undefined);
          if (event.target.value === '') search?.clearDecorations();
          else earlier(event.target.value, true);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.shiftKey ? later() : earlier();
          else if (event.key === 'Escape') leave();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <output>{text !== '' && found && countInWords(found)}</output>
      <IconButton label="Earlier match" keys="Enter" onClick={() => earlier()}>
        <ChevronUp size={14} />
      </IconButton>
      <IconButton label="Later match" keys="Shift-Enter" onClick={() => later()}>
        <ChevronDown size={14} />
      </IconButton>
      <IconButton label="Close the search" keys="Esc" onClick={leave}>
        <X size={14} />
      </IconButton>
    </search>
  );
}

function countInWords({ index, count }: { index: number; count: number }): string {
  if (count === 0) return 'none';
  const total = count >= COUNTED ? `${COUNTED} or more` : String(count);
  return index < 0 ? total : `${index + 1} of ${total}`;
}
