import {
  type CSSProperties,
  type FormEvent,
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { formatClock } from '../../../shared/model/format.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { useUi } from '../../stores/ui.ts';
import { keyOf } from '../shell/keys.ts';
import { terminalOf } from '../terminal/terminals.ts';
import { terminalPalette } from '../terminal/terminalTheme.ts';
import { characterAt } from './characters.ts';
import { type CopyState, type Place, selectionOf } from './copyMode.ts';
import { type CopyView, createCopyView } from './copyView.ts';
import type { Mark } from './rowSegments.ts';
import styles from './Scrollback.module.css';
import { ScrollbackRow } from './ScrollbackRow.tsx';
import { ScrollTrack } from './ScrollTrack.tsx';
import { type ScrollbackTarget, useScrollback, viewElements } from './scrollbackViews.ts';

/** All that a pane has printed, with tmux's copy mode. */
export function ScrollbackView({ pane, host }: { pane: PaneId; host: string }) {
  const view = useScrollback((s) => s.views[pane]);
  return view && <View key={view.serial} pane={pane} host={host} target={view.target} />;
}

function View({ pane, host, target }: { pane: PaneId; host: string; target: ScrollbackTarget }) {
  const root = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const [view] = useState(() => createCopyView(pane, target, () => redraw((n) => n + 1)));
  const theme = useUi((s) => s.theme);
  const fontSize = useUi((s) => s.fontSize);
  const palette = useMemo(() => terminalPalette(theme), [theme]);
  const cell = terminalOf(pane)?.cell ?? { width: 7.5, height: 17 };

  useEffect(() => view.start(), [view]);
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    viewElements.set(pane, element);
    element.focus();
    return () => {
      if (viewElements.get(pane) === element) viewElements.delete(pane);
    };
  }, [pane]);
  useEffect(() => {
    const element = body.current;
    if (!element) return;
    const measure = () => view.setRows(Math.floor((element.clientHeight - 3) / cell.height));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [view, cell.height]);

  function onKeyDown(event: KeyboardEvent): void {
    const key = keyOf(event.nativeEvent);
    if (key === undefined || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    event.stopPropagation();
    view.press(key);
  }

  const { state, cache, rows } = view;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a text that can be walked through by keys is no input field
    <div
      ref={root}
      className={styles.view}
      role="textbox"
      aria-readonly="true"
      aria-multiline="true"
      aria-label={`Scrollback ${host}`}
      data-scrollback={pane}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div
        ref={body}
        className={styles.body}
        style={
          {
            fontSize,
            lineHeight: `${cell.height}px`,
            '--cell-width': `${cell.width}px`,
          } as CSSProperties
        }
        onWheel={(event) => view.wheel(event.deltaMode === 0 ? event.deltaY / cell.height : event.deltaY * 3)}
        onPointerDown={(event) => pointerDown(event, view, cell.height)}
      >
        {state &&
          cache &&
          Array.from({ length: Math.min(rows, cache.end - state.top) }, (_, n) => state.top + n).map(
            (line) => (
              <ScrollbackRow
                key={line}
                line={cache.get(line)}
                marks={marksOf(view, line)}
                palette={palette}
              />
            ),
          )}
        {!state && <p className={styles.wait}>{view.problem ?? 'Reading what was printed…'}</p>}
        {state && cache && (
          <ScrollTrack
            first={cache.first}
            end={cache.end}
            top={state.top}
            rows={rows}
            onMove={(top) => view.scrollTo(top)}
          />
        )}
      </div>
      <Foot view={view} />
    </div>
  );
}

function marksOf(view: CopyView, line: number): Mark[] {
  const { state, cache } = view;
  if (!state) return [];
  const marks: Mark[] = [];
  const { search } = view;
  if (search) {
    for (const hit of view.hitsOn(line))
      marks.push({ kind: 'hit', from: hit.column, to: hit.column + hit.length });
  }
  const text = cache?.get(line)?.text ?? '';
  const selection = selectionOf(state, (row) => cache?.get(row)?.text);
  if (selection && line >= selection.first && line <= selection.last) {
    const { from, to } = selection.columnsOf(line, text);
    // An empty row that is selected shows it.
    const shown = state.shape === 'rectangle' ? to : Math.max(to, 1);
    marks.push({ kind: 'selection', from, to: shown });
  }
  if (line === state.cursor.line) {
    const { column, length } = characterAt(text, state.cursor.column);
    marks.push({ kind: 'cursor', from: column, to: column + length });
  }
  return marks;
}

/** Where one is, when that was printed, and what can be done; or what is searched for. */
function Foot({ view }: { view: CopyView }) {
  const { state, cache, asking, note } = view;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (asking) field.current?.focus();
  }, [asking]);
  if (!state || !cache) return <footer className={styles.foot} />;

  function submit(event: FormEvent): void {
    event.preventDefault();
    viewElements.get(view.pane)?.focus();
    view.searchFor(field.current?.value ?? '');
  }

  const line = cache.get(state.cursor.line);
  return (
    <footer className={styles.foot}>
      <b>Copy mode</b>
      <span>
        {(state.cursor.line - cache.first + 1).toLocaleString('en')} of{' '}
        {(cache.end - cache.first).toLocaleString('en')}
        {cache.cut && ', older is in the recording'}
      </span>
      {line && line.at > 0 && <time>{formatClock(line.at)}</time>}
      {asking ? (
        <form onSubmit={submit}>
          <label htmlFor={`search-${view.pane}`}>{asking === 'searchDown' ? '/' : '?'}</label>
          <input
            id={`search-${view.pane}`}
            ref={field}
            aria-label="Search the scrollback: an expression"
            spellCheck={false}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              event.stopPropagation();
              view.stopAsking();
              viewElements.get(view.pane)?.focus();
            }}
          />
        </form>
      ) : (
        <span className={styles.hints} role="status">
          {note ?? hintOf(state)}
        </span>
      )}
    </footer>
  );
}

function hintOf({ jumping, anchor, shape }: CopyState): string {
  if (jumping) return `${jumping}: jumps to the character that is typed next`;
  if (!anchor) return 'v select · y copy · f t jump · / ? search · n N · q back';
  return `y copies · v ${shape === 'rectangle' ? 'characters' : 'rectangle'} · Esc unselects`;
}

/** A press sets the cursor, a drag selects; two clicks take a word, three a row. */
function pointerDown(event: PointerEvent<HTMLDivElement>, view: CopyView, rowHeight: number): void {
  if (event.button !== 0 || (event.target as Element).closest(`.${styles.track}`)) return;
  const body: HTMLElement = event.currentTarget;
  view.pointAt(placeAt(event, body, view, rowHeight), false);
  body.addEventListener(
    'click',
    (click) => {
      const at = placeAt(click, body, view, rowHeight);
      if (click.detail === 2) view.take('word', at);
      else if (click.detail === 3) view.take('row', at);
    },
    { once: true },
  );
  const abort = new AbortController();
  document.addEventListener(
    'pointermove',
    (moved) => view.pointAt(placeAt(moved, body, view, rowHeight), true),
    { signal: abort.signal },
  );
  for (const end of ['pointerup', 'pointercancel'])
    document.addEventListener(end, () => abort.abort(), { signal: abort.signal });
}

function placeAt(
  { clientX, clientY }: { clientX: number; clientY: number },
  body: HTMLElement,
  view: CopyView,
  rowHeight: number,
): Place {
  const row = Math.floor((clientY - body.getBoundingClientRect().top - 3) / rowHeight);
  return { line: (view.state?.top ?? 0) + row, column: columnAt(clientX, clientY) ?? 0 };
}

/** The character of its row under a point, whatever its width. */
function columnAt(x: number, y: number): number | undefined {
  const caret = document.caretPositionFromPoint?.(x, y);
  const row = caret?.offsetNode.parentElement?.closest(`.${styles.row}`);
  if (!caret || !row) return undefined;
  let column = caret.offset;
  for (
    let part = caret.offsetNode.parentElement?.previousElementSibling;
    part;
    part = part.previousElementSibling
  )
    column += part.textContent?.length ?? 0;
  return column;
}
