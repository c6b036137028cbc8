import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { FlameTree } from '../../../shared/profiling/flameTree.ts';
import { type Drawing, frameLoop } from '../../series/frameLoop.ts';
import { onSurface } from '../../series/surface.ts';
import styles from './Flame.module.css';
import { frameWords } from './frameWords.ts';
import {
  type FlameView,
  type FoundFrames,
  frameAt,
  paintFlame,
  paintMarks,
  ROW_HEIGHT,
} from './paintFlame.ts';

interface FlameGraphProps {
  tree: FlameTree;
  zoom: number;
  found: FoundFrames | undefined;
  onZoom: (index: number) => void;
  /** What is compared, for who reads the frames: `web1` and `web2`. */
  sides: [string, string | undefined];
}

/** The call tree on a canvas, the root at the top: by pointer, and by the keys of the arrows. */
export function FlameGraph({ tree, zoom, found, onZoom, sides }: FlameGraphProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<number>();
  const [pointed, setPointed] = useState<{ index: number; x: number; y: number; width: number }>();
  const view = useRef<FlameView>({ zoom, chosen, pointed: undefined, found, scrollTop: 0 });
  const drawn = useRef<{ frames: Drawing; marks: Drawing }>(undefined);
  const shown = useRef(tree);
  shown.current = tree;
  Object.assign(view.current, { zoom, chosen, pointed: pointed?.index, found });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is drawn
  useEffect(() => drawn.current?.frames.invalidate(), [tree, zoom, found]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these is drawn
  useEffect(() => drawn.current?.marks.invalidate(), [tree, zoom, chosen, pointed?.index]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tree has other frames
  useEffect(() => {
    setChosen(undefined);
    setPointed(undefined);
  }, [tree]);

  useEffect(() => {
    if (!canvas.current || !marks.current) return;
    const own = {
      frames: frameLoop.add(
        canvas.current,
        onSurface(canvas.current, (surface) => paintFlame(surface, shown.current, view.current)),
      ),
      marks: frameLoop.add(
        marks.current,
        onSurface(marks.current, (surface) => paintMarks(surface, shown.current, view.current)),
      ),
    };
    drawn.current = own;
    return () => {
      own.frames.dispose();
      own.marks.dispose();
    };
  }, []);

  const choose = (index: number | undefined) => {
    if (index === undefined) return;
    setChosen(index);
    const box = scroller.current;
    const top = (tree.nodes[index]?.depth ?? 0) * ROW_HEIGHT;
    if (!box) return;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW_HEIGHT > box.scrollTop + box.clientHeight)
      box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = chosen ?? zoom;
    const node = tree.nodes[at];
    if (!node) return;
    const siblings = tree.nodes[node.parent]?.children ?? [];
    const place = siblings.indexOf(at);
    const keys: Record<string, () => void> = {
      ArrowDown: () => choose(chosen === undefined ? zoom : node.children[0]),
      ArrowUp: () => choose(node.parent < 0 ? undefined : node.parent),
      ArrowRight: () => choose(siblings[place + 1]),
      ArrowLeft: () => choose(siblings[place - 1]),
      Home: () => choose(0),
      Enter: () => onZoom(at),
      Backspace: () => onZoom(tree.nodes[zoom]?.parent ?? 0),
      '0': () => onZoom(0),
    };
    if (event.key === 'Escape') {
      if (zoom === 0 && chosen === undefined) return;
      if (zoom !== 0) onZoom(0);
      else setChosen(undefined);
    } else {
      const act = keys[event.key];
      if (!act) return;
      act();
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const placeOf = (event: { clientX: number; clientY: number }) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box) return undefined;
    const place = { x: event.clientX - box.left, y: event.clientY - box.top, width: box.width };
    const index = frameAt(tree, view.current, place);
    return index === undefined ? undefined : { index, ...place };
  };
  const height = tree.rows.length * ROW_HEIGHT;
  const said = useMemo(
    () => (chosen === undefined ? undefined : frameWords(tree, chosen, sides)),
    [tree, chosen, sides],
  );
  return (
    <>
      <div className={styles.graph}>
        <canvas ref={canvas} className={styles.canvas} />
        <canvas ref={marks} className={styles.canvas} />
        <div
          ref={scroller}
          className={styles.scroller}
          role="application"
          aria-label="Flame graph"
          aria-describedby="flame-frame"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved about in by the arrows
          tabIndex={0}
          data-steps-back={zoom !== 0 || chosen !== undefined || undefined}
          onKeyDown={onKey}
          onScroll={(event) => {
            view.current.scrollTop = event.currentTarget.scrollTop;
            setPointed(undefined);
            drawn.current?.frames.invalidate();
            drawn.current?.marks.invalidate();
          }}
          onPointerMove={(event) => setPointed(placeOf(event))}
          onPointerLeave={() => setPointed(undefined)}
          onClick={(event) => {
            const hit = placeOf(event);
            if (!hit) return;
            setChosen(hit.index);
            onZoom(hit.index);
          }}
        >
          <div style={{ height }} />
        </div>
        {pointed && <Tooltip tree={tree} sides={sides} {...pointed} />}
      </div>
      <p id="flame-frame" className={styles.frame} role="status">
        {said ?? (pointed ? frameWords(tree, pointed.index, sides) : HINT)}
      </p>
    </>
  );
}

const HINT = 'Arrows move, Enter or a click zooms, Backspace goes one frame out, 0 shows all, / searches.';

function Tooltip({
  tree,
  index,
  x,
  y,
  width,
  sides,
}: {
  tree: FlameTree;
  index: number;
  x: number;
  y: number;
  width: number;
  sides: [string, string | undefined];
}) {
  const node = tree.nodes[index];
  if (!node) return null;
  const left = Math.max(0, Math.min(x + 12, width - 380));
  return (
    <div className={styles.tooltip} style={{ left, top: y + 16 }} aria-hidden="true">
      <strong>{visibleText(node.name, 300)}</strong>
      <span>{frameWords(tree, index, sides).slice(visibleText(node.name, 300).length + 2)}</span>
    </div>
  );
}
