import { describe, expect, it } from 'vitest';
import { escapeHtml } from './escapeHtml.ts';
import { escapeMarkdown, fencedMarkdown } from './escapeMarkdown.ts';
import { visibleBlock, visibleLine } from './hostText.ts';
import { reportTime } from './reportTime.ts';

describe('text of a host', () => {
  it('is escaped for HTML and XML', () => {
    expect(escapeHtml(`<a href="x" id='y'>&amp;`)).toBe(
      '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;',
    );
    expect(escapeHtml('\u0000\ud800\uFFFE\u{1F525}ok')).toBe('\uFFFD\uFFFD\uFFFD\u{1F525}ok');
  });

  it('is escaped for Markdown, and stays legible', () => {
    expect(escapeMarkdown('crawl-3: a_b (c) 93.5 %')).toBe('crawl-3: a\\_b (c) 93.5 %');
    expect(escapeMarkdown('a|b<c>&d\ne')).toBe('a\\|b&lt;c&gt;&amp;d e');
    expect(escapeMarkdown('- x')).toBe('\\- x');
    expect(escapeMarkdown('1. x')).toBe('1\\. x');
    expect(escapeMarkdown('3.42 cores')).toBe('3.42 cores');
    expect(escapeMarkdown('# x')).toBe('\\# x');
    expect(escapeMarkdown('root@10.0.0.1, #12')).toBe('root&#64;10.0.0.1, &#35;12');
    expect(escapeMarkdown('https://www.a.b/#c')).toBe('https&#58;//www&#46;a.b/&#35;c');
  });

  it('is fenced with more backticks than it holds', () => {
    expect(fencedMarkdown('a')).toBe('```text\na\n```');
    expect(fencedMarkdown('x ````` y', 'sh')).toBe('``````sh\nx ````` y\n``````');
  });

  it('is cut between characters, with the bytes that are left out', () => {
    expect(visibleLine('abcdef', 4)).toBe('abcd … (cut, 2 bytes more)');
    expect(visibleLine('abc\u{1F525}x', 4)).toBe('abc … (cut, 5 bytes more)');
    expect(visibleBlock('é'.repeat(10), 4)).toEqual({
      text: 'éééé',
      note: 'cut, 12 bytes more; whole text in the JSON',
    });
  });

  it('keeps its lines and tabs in a block, and shows what acts', () => {
    expect(visibleBlock('a\tb\r\nc\u001b[1m\rd').text).toBe('a\tb\nc␛[1m␍d');
    expect(visibleLine('a\nb\t')).toBe('a␊b␉');
  });
});

describe('times', () => {
  it('are in UTC and in the zone, also over midnight and a change of the clock', () => {
    const time = reportTime('America/New_York');
    const at = Date.UTC(2026, 10, 1, 5, 59, 59, 7);
    expect(time.utc(at)).toBe('2026-11-01 05:59:59');
    expect(time.utcPrecise(at)).toBe('2026-11-01 05:59:59.007');
    expect(time.local(at)).toBe('2026-11-01 01:59:59 GMT-4');
    expect(time.local(at + 1000)).toBe('2026-11-01 01:00:00 GMT-5');
    expect(time.localClock(Date.UTC(2026, 0, 1, 1, 0, 0))).toBe('20:00:00 −1 d');
    expect(reportTime('Asia/Tokyo').localClock(Date.UTC(2026, 0, 1, 20, 0, 0))).toBe('05:00:00 +1 d');
    expect(reportTime('UTC').isUtc).toBe(true);
  });
});
