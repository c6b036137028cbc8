import { expect, test } from 'vitest';
import { linksIn, readLink, textOfLink } from './webLinks.ts';

test('links are found in text, without what belongs to the sentence, each once', () => {
  expect(
    linksIn('see https://a.b/c?d=1. (http://x.y/) "https://a.b/c?d=1" ftp://no').map((l) => l.address),
  ).toEqual(['https://a.b/c?d=1', 'http://x.y/']);
});

test.each([
  ['see http://[::1]:8080/x, please', 'http://[::1]:8080/x'],
  ['(http://[2001:db8::1])', 'http://[2001:db8::1]'],
  ['https://en.example.org/wiki/Fork_(system_call)', 'https://en.example.org/wiki/Fork_(system_call)'],
  ['(see https://en.example.org/wiki/Fork_(system_call)).', 'https://en.example.org/wiki/Fork_(system_call)'],
  ['[docs](https://a.b/c)', 'https://a.b/c'],
  ['https://a.b:8443/c?d=[1]&e=~x/', 'https://a.b:8443/c?d=[1]&e=~x/'],
  ['地址https://a.b/c。下一句', 'https://a.b/c'],
  ['HTTP://A.B/C!', 'HTTP://A.B/C'],
  ['url="https://a.b/c";', 'https://a.b/c'],
])('of %j the link is found', (text, link) => {
  expect(linksIn(text).map((one) => one.address)).toEqual([link]);
});

test('a text made to be slow is read once', () => {
  for (const piece of ['http://', '(', '[', '(a', 'http://(', '.,', 'a(b)', ']'])
    expect(linksIn(`${`http://a${piece.repeat(50_000)}`} https://end.example/`).at(-1)?.address).toBe(
      'https://end.example/',
    );
});

test.each([
  ['https://a.example/x', 'https://a.example/x', 'same'],
  ['https://a.example/', undefined, 'same'],
  ['https://a.example/x', 'ticket 12', 'name'],
  ['file:///etc/passwd', 'README.md', 'other'],
  ['https://a.example/x', 'bank.example', 'other'],
  ['https://a.example/x', 'https://bank.example/', 'other'],
  ['https://a.example/x', 'бaнк.рф', 'other'],
] as const)('to the address %s the text %s is: %s', (address, text, how) => {
  expect(textOfLink({ address, ...(text === undefined ? {} : { text }) })).toBe(how);
});

test('only http and https are links, and the true machine is named', () => {
  expect(readLink('https://example.com:8443/x')).toMatchObject({ host: 'example.com:8443', account: false });
  expect(readLink('https://google.com@evil.example/')).toMatchObject({ host: 'evil.example', account: true });
  expect(readLink('https://аpple.com/')?.host).toBe('xn--pple-43d.com');
  for (const bad of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'ssh://h', 'nothing'])
    expect(readLink(bad)).toBeUndefined();
});
