import { CornerLeftUp, File, Folder } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import type { DirectoryListing } from '../../../shared/contract/commands.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import { call, errorOf } from '../../stores/connection.ts';
import styles from './Workspace.module.css';

interface PathFieldProps {
  label: string;
  value: string;
  onChange: (path: string) => void;
  /** Enter on a path that was typed or a file that was chosen. */
  onSubmit: (path: string) => void;
  /** Which files are listed; directories always are. */
  accept: (name: string) => boolean;
  autoFocus?: boolean;
}

const WAIT_MS = 120;
const MOST_ROWS = 200;

/** A path on the machine of the core, with what lies there. Arrows choose, Tab completes, Enter goes in or takes. */
export function PathField({ label, value, onChange, onSubmit, accept, autoFocus }: PathFieldProps) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [listing, setListing] = useState<DirectoryListing>();
  const [problem, setProblem] = useState<string>();
  const [chosen, setChosen] = useState(-1);
  const slash = value.lastIndexOf('/');
  const directory = value.slice(0, slash + 1);
  const beginning = value.slice(slash + 1);

  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      call('files.list', { path: directory }).then(
        (found) => {
          if (!wanted) return;
          setListing(found);
          setProblem(undefined);
        },
        (thrown) => {
          if (!wanted) return;
          setListing(undefined);
          setProblem(errorOf(thrown).message);
        },
      );
    }, WAIT_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [directory]);

  useEffect(() => {
    if (autoFocus) field.current?.focus();
  }, [autoFocus]);

  const rows = listing ? rowsOf(listing, beginning, accept) : [];
  const row = rows[chosen];

  function choose(index: number): void {
    setChosen(index);
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }

  function take(taken: Row): void {
    setChosen(-1);
    onChange(taken.path);
    field.current?.focus();
    if (!taken.directory) onSubmit(taken.path);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'ArrowDown') choose(Math.min(rows.length - 1, chosen + 1));
    else if (event.key === 'ArrowUp') choose(Math.max(-1, chosen - 1));
    else if (event.key === 'Enter') {
      if (row) take(row);
      else if (value.trim() !== '') onSubmit(value.trim());
    } else if (event.key === 'Tab' && !event.shiftKey && beginning !== '') {
      const candidate = row ?? rows.find((r) => !r.up);
      if (!candidate || candidate.path === value) return;
      onChange(candidate.path);
      setChosen(-1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div className={styles.pathField}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={field}
        type="text"
        role="combobox"
        aria-expanded={rows.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={row ? `${id}-${chosen}` : undefined}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => {
          setChosen(-1);
          onChange(event.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <p className={styles.where}>
        {problem ? visibleText(problem, 300) : listing && visibleText(listing.path, 300)}
      </p>
      <div
        id={`${id}-list`}
        ref={list}
        role="listbox"
        aria-label={`Files in ${directory || 'the home folder'}`}
        className={styles.files}
      >
        {rows.map((one, index) => (
          <div
            key={one.path}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            className={styles.file}
            onPointerDown={(event) => {
              event.preventDefault();
              take(one);
            }}
          >
            {one.up ? (
              <CornerLeftUp size={13} aria-hidden />
            ) : one.directory ? (
              <Folder size={13} aria-hidden />
            ) : (
              <File size={13} aria-hidden />
            )}
            {visibleText(one.name, 200)}
          </div>
        ))}
        {listing && rows.length === 0 && <p className={styles.none}>Nothing here by that name.</p>}
      </div>
    </div>
  );
}

interface Row {
  name: string;
  /** What the field holds after it was taken; a directory ends with `/`. */
  path: string;
  directory: boolean;
  up: boolean;
}

function rowsOf(listing: DirectoryListing, beginning: string, accept: (name: string) => boolean): Row[] {
  const base = listing.path.endsWith('/') ? listing.path : `${listing.path}/`;
  const wanted = beginning.toLowerCase();
  const rows = listing.entries
    .filter((e) => e.name.toLowerCase().startsWith(wanted))
    .filter((e) => beginning.startsWith('.') || !e.name.startsWith('.'))
    .filter((e) => e.directory || accept(e.name))
    .map(
      ({ name, directory }): Row => ({
        name,
        path: `${base}${name}${directory ? '/' : ''}`,
        directory,
        up: false,
      }),
    )
    // What can be opened comes first: it is what is looked for.
    .sort((a, b) => Number(a.directory) - Number(b.directory) || a.name.localeCompare(b.name))
    .slice(0, MOST_ROWS);
  if (listing.parent === null || beginning !== '') return rows;
  const parent = listing.parent.endsWith('/') ? listing.parent : `${listing.parent}/`;
  return [{ name: 'Up one folder', path: parent, directory: true, up: true }, ...rows];
}
