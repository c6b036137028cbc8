import type { DraftLayout } from './workspaceDraft.ts';

const MAXIMUM_PANES = 100;

/**
 * Places panes as tmux's `select-layout` would: one of its five standard layouts, or a raw layout string as
 * `list-windows` prints it. Undefined when the layout is neither, or was made for another number of panes.
 * @param panes at least one
 */
export function tmuxLayout(
  layout: string | undefined,
  panes: readonly DraftLayout[],
): DraftLayout | undefined {
  const [first, ...others] = panes;
  if (first === undefined) return undefined;
  if (others.length === 0) return first;
  switch (layout) {
    case undefined:
    case '':
    case 'tiled':
      return tiled(panes);
    case 'even-horizontal':
      return { row: [...panes] };
    case 'even-vertical':
      return { column: [...panes] };
    // "main" is the large pane: above the others, or on their left.
    case 'main-horizontal':
    case 'main-horizontal-mirrored':
      return { column: ordered(layout, { ...first, size: 2 }, { row: others }) };
    case 'main-vertical':
    case 'main-vertical-mirrored':
      return { row: ordered(layout, { ...first, size: 2 }, { column: others }) };
    default:
      return rawLayout(layout, panes);
  }
}

function ordered(
  name: string,
  main: DraftLayout,
  rest: { row: DraftLayout[] } | { column: DraftLayout[] },
): DraftLayout[] {
  const [only] = 'row' in rest ? rest.row : rest.column;
  const others = ('row' in rest ? rest.row : rest.column).length === 1 && only ? only : rest;
  return name.endsWith('mirrored') ? [others, main] : [main, others];
}

function tiled(panes: readonly DraftLayout[]): DraftLayout {
  const columns = Math.ceil(Math.sqrt(panes.length));
  const rows: DraftLayout[] = [];
  for (let at = 0; at < panes.length; at += columns) {
    const row = panes.slice(at, at + columns);
    const [only] = row;
    rows.push(row.length === 1 && only ? only : { row });
  }
  const [single] = rows;
  return rows.length === 1 && single ? single : { column: rows };
}

/**
 * tmux's layout-custom.c: a checksum of four hexadecimal digits, a comma, then cells `WxH,X,Y` with `,ID` for a pane,
 * `{…}` for cells side by side, `[…]` for cells one above the other.
 */
function rawLayout(text: string, panes: readonly DraftLayout[]): DraftLayout | undefined {
  if (text.length > 10_000 || !/^[0-9a-f]{4},/i.test(text)) return undefined;
  const left = [...panes];
  let at = 5;
  const cell = (depth: number): { layout: DraftLayout; width: number; height: number } | undefined => {
    const size = /^(\d{1,5})x(\d{1,5}),\d{1,5},\d{1,5}/.exec(text.slice(at, at + 30));
    if (!size || depth > 20) return undefined;
    at += size[0].length;
    const [width, height] = [Number(size[1]), Number(size[2])];
    const open = text[at];
    if (open !== '{' && open !== '[') {
      at += /^,\d{1,6}(?=[,}\]]|$)/.exec(text.slice(at, at + 10))?.[0].length ?? 0;
      const layout = left.shift();
      return layout && { layout, width, height };
    }
    const close = open === '{' ? '}' : ']';
    const children: DraftLayout[] = [];
    do {
      at++;
      const child = cell(depth + 1);
      if (!child || children.length > MAXIMUM_PANES) return undefined;
      children.push({ ...child.layout, size: Math.max(1, open === '{' ? child.width : child.height) });
    } while (text[at] === ',');
    if (text[at++] !== close) return undefined;
    return { layout: open === '{' ? { row: children } : { column: children }, width, height };
  };
  const whole = cell(0);
  return whole && at === text.length && left.length === 0 ? whole.layout : undefined;
}
