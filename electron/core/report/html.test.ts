import { describe, expect, it } from 'vitest';
import { fillIncident } from './incident.fixture.ts';
import { bed, render } from './reportBed.ts';
import { xmlFault } from './xmlFault.fixture.ts';

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

describe('HTML', () => {
  it('is one file without script that fetches nothing', () => {
    fillIncident(bed.store);
    const html = render('html');
    expect(html).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"`,
    );
    expect(html).not.toMatch(/<script|<link|<img|<iframe|<object|<embed|@import|url\((?!#)/i);
    expect(all(html, /\s(?:href|src)="([^"]*)"/g).filter((to) => !to.startsWith('#'))).toEqual([]);
    expect(html).not.toMatch(/\son[a-z]+=/i);
  });

  it('has every section, with what people still have to write marked', () => {
    fillIncident(bed.store);
    const html = render('html');
    expect(all(html, /<h2[^>]*><span[^>]*>\d+<\/span>([^<]*)</g)).toEqual([
      'Summary',
      'Impact',
      'Detection',
      'Timeline',
      'Remediations',
      'Charts',
      'Contributing factors',
      'Lessons',
      'Action items',
      'Hosts',
      'Evidence',
    ]);
    expect(html.match(/Not written yet/g)).toHaveLength(3);
    expect(html).toContain('3.42');
    expect(html).toContain('2026-11-21 14:08:20');
    expect(html).toContain('2026-11-21 15:08:20 GMT+1');
  });

  it('leads from every row to evidence that is there, with no id twice', () => {
    fillIncident(bed.store);
    const html = render('html');
    const ids = all(html, /\sid="([^"]*)"/g);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = all(html, /\shref="#([^"]*)"/g);
    for (const target of targets) expect(ids).toContain(target);
    for (let row = 1; row <= 9; row += 1) expect(targets).toContain(`evidence-E${row}`);
  });

  it('draws figures that are well-formed XML, with axes, marks, gaps and words for those who do not see them', () => {
    fillIncident(bed.store);
    const figures = all(render('html'), /(<svg[\s\S]*?<\/svg>)/g);
    expect(figures).toHaveLength(11);
    for (const svg of figures) {
      expect(xmlFault(svg)).toBeUndefined();
      expect(svg).toMatch(/<title id="[^"]+">[^<]+<\/title><desc id="[^"]+">[^<]+<\/desc>/);
      expect(svg).toContain('>UTC</text>');
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
    expect(figures[0]).toContain('Gap: link lost (E5)');
    expect(figures[0]).toContain('>E2–E3</text>');
    // The area is drawn before and after the gap, not across it.
    expect(figures[0]?.match(/fill="#0072b2" fill-opacity/g)).toHaveLength(3);
  });
});
