import * as Dialog from '@radix-ui/react-dialog';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { formatClock } from '../../../shared/model/format.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { closeDialog, useUi } from '../../stores/ui.ts';
import { focusActiveTerminal, focusPane } from '../panes/paneCommands.ts';
import sheet from '../shell/sheet.module.css';
import styles from './Scrollback.module.css';
import { openScrollback } from './scrollbackViews.ts';
import { orderHits, type PaneHit, searchPanes, usePaneSearch } from './searchPanes.ts';

/** Listed; more would be slower to read than another search. */
const MOST_LISTED = 1_000;

/** What panes have printed, all of it: Enter searches, the arrows choose, Enter goes there. */
export function SearchSheet() {
  const dialog = useUi((s) => s.dialog);
  const open = dialog?.kind === 'search';
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && leave()}>
      {open && (
        <Dialog.Portal>
          <Dialog.Overlay className={sheet.overlay} />
          <Dialog.Content
            className={`${sheet.sheet} ${sheet.wide}`}
            aria-describedby={undefined}
            onCloseAutoFocus={(event) => event.preventDefault()}
          >
            <Dialog.Title className={sheet.title}>Search what was printed</Dialog.Title>
            <Search />
          </Dialog.Content>
        </Dialog.Portal>
      )}
    </Dialog.Root>
  );
}

function Search() {
  const { text, regex, caseSensitive, all, order, found, total, progress, problem } = usePaneSearch();
  const [chosen, setChosen] = useState(0);
  /** What the list is of: Enter goes to a hit only while the question is still the same. */
  const [answered, setAnswered] = useState(() => (progress ? questionOf() : ''));
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => field.current?.select(), []);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${chosen}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);

  const listed = found.slice(0, MOST_LISTED);
  const current = Math.min(chosen, listed.length - 1);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const hit = listed[current];
    if (answered === questionOf() && hit) go(hit);
    else if (text !== '') {
      setAnswered(questionOf());
      setChosen(0);
      void searchPanes();
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (by === undefined || listed.length === 0) return;
    event.preventDefault();
    setChosen(Math.min(listed.length - 1, Math.max(0, current + by)));
  }

  return (
    <form className={styles.form} onSubmit={submit} onKeyDown={onKeyDown}>
      <input
        ref={field}
        type="text"
        aria-label="Search for"
        aria-controls="pane-hits"
        placeholder={regex ? 'An expression, such as Killed process \\d+' : 'Text'}
        spellCheck={false}
        value={text}
        onChange={(event) => usePaneSearch.setState({ text: event.target.value })}
      />
      <Option label="All panes" on={all} onChange={(on) => usePaneSearch.setState({ all: on })} />
      <Option label="Expression" on={regex} onChange={(on) => usePaneSearch.setState({ regex: on })} />
      <Option
        label="Match case"
        on={caseSensitive}
        onChange={(on) => usePaneSearch.setState({ caseSensitive: on })}
      />
      <Option label="By host" on={order === 'host'} onChange={(on) => orderHits(on ? 'host' : 'time')} />
      <output>
        {progress && progress.read < progress.of && `Reading pane ${progress.read + 1} of ${progress.of}… `}
        {progress &&
          (progress.read === progress.of || total > 0) &&
          (total === 0 ? 'Nothing found' : `${total.toLocaleString('en')} found`)}
        {total > listed.length && `, the newest ${listed.length.toLocaleString('en')} listed`}
      </output>
      <button type="submit" className={sheet.button}>
        {answered === questionOf() && listed.length > 0 ? 'Go there' : 'Search'}
      </button>
      {problem && (
        <p className={`${sheet.error} ${styles.problem}`} role="alert">
          {visibleText(problem, 400)}
        </p>
      )}
      <div
        ref={list}
        id="pane-hits"
        className={styles.hits}
        role="listbox"
        aria-label="Hits"
        tabIndex={listed.length > 0 ? 0 : -1}
        aria-activedescendant={listed.length > 0 ? `pane-hit-${current}` : undefined}
      >
        {listed.map((one, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
          <div
            key={`${one.pane}:${one.hit.line}:${one.hit.column}`}
            id={`pane-hit-${index}`}
            data-index={index}
            className={styles.hit}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            onClick={() => go(one)}
          >
            <b>{visibleText(one.host, 64)}</b>
            <time>{formatClock(one.hit.at)}</time>
            <HitText hit={one} />
          </div>
        ))}
      </div>
    </form>
  );
}

function Option({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label>
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

/** The line about what was found, which is marked. */
function HitText({ hit: { hit } }: { hit: PaneHit }) {
  const shift = Math.max(0, hit.column - 200);
  const from = hit.column - shift;
  const begin = Math.max(0, from - 40);
  return (
    <code>
      {begin > 0 && '…'}
      {visibleText(hit.text.slice(begin, from), 400)}
      <mark>{visibleText(hit.text.slice(from, from + hit.length), 400)}</mark>
      {visibleText(hit.text.slice(from + hit.length), 300)}
    </code>
  );
}

function questionOf(): string {
  const { text, regex, caseSensitive, all } = usePaneSearch.getState();
  return JSON.stringify([text, regex, caseSensitive, all]);
}

function go({ pane, hit }: PaneHit): void {
  const { text, regex, caseSensitive } = usePaneSearch.getState();
  closeDialog();
  focusPane(pane);
  openScrollback(pane, { kind: 'hit', hit, search: { text, regex, caseSensitive } });
}

function leave(): void {
  closeDialog();
  focusActiveTerminal();
}
