import type { Terminal } from '@xterm/xterm';
import type { HostLink } from './webLinks.ts';

/** What has no public name in xterm 6.0, which package.json pins: the address that a program gave a text of its own (OSC 8). */
interface TerminalInside {
  _core: { _oscLinkService?: { getLinkData(id: number): { uri: string } | undefined } };
}
interface CellInside {
  hasExtendedAttrs(): number;
  extended: { urlId: number };
}

/** Links on the screen whose text a program chose, from the top, each once. One that goes over several rows is one. */
export function writtenLinks(terminal: Pick<Terminal, 'buffer' | 'rows' | 'cols'>): HostLink[] {
  const service = (terminal as unknown as TerminalInside)._core._oscLinkService;
  if (!service) throw new Error('this version of xterm keeps the addresses of links elsewhere');
  const { active } = terminal.buffer;
  const cell = active.getNullCell();
  const found: { id: number; link: Required<HostLink> }[] = [];
  for (let row = 0; row < terminal.rows; row++) {
    const line = active.getLine(active.baseY + row);
    let id = 0;
    for (let column = 0; line && column < terminal.cols; column++) {
      line.getCell(column, cell);
      const before = id;
      id = urlIdOf(cell as unknown as CellInside);
      if (id === 0) continue;
      const address = service.getLinkData(id)?.uri;
      if (address === undefined) continue;
      const last = found.at(-1);
      const goesOn = last?.id === id && (before === id || (column === 0 && line.isWrapped));
      // The second cell of a wide character holds none.
      const text = cell.getWidth() === 0 ? '' : cell.getChars() || ' ';
      if (last && goesOn) last.link.text += text;
      else found.push({ id, link: { address, text } });
    }
  }
  const links = found.map(({ link }) => ({ address: link.address, text: link.text.trim() }));
  return [...new Map(links.map((link) => [`${link.address} ${link.text}`, link])).values()];
}

/** 0: none. A cell without attributes of its own keeps those of the one that was read before. */
function urlIdOf(cell: CellInside): number {
  return cell.hasExtendedAttrs() ? cell.extended.urlId : 0;
}
