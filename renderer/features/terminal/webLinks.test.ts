import { expect, test } from 'vitest';
import { linksIn, readLink } from './webLinks.ts';

test('links are found in text, without what belongs to the sentence, each once', () => {
  expect(
    linksIn('see https://a.b/c?d=1. (http://x.y/) "https://a.b/c?d=1" ftp://no').map((l) => l.address),
  ).toEqual(['https://a.b/c?d=1', 'http://x.y/']);
});

test('only http and https are links, and the true machine is named', () => {
  expect(readLink('https://example.com:8443/x')).toMatchObject({ host: 'example.com:8443', account: false });
  expect(readLink('https://google.com@evil.example/')).toMatchObject({ host: 'evil.example', account: true });
  expect(readLink('https://аpple.com/')?.host).toBe('xn--pple-43d.com');
  for (const bad of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'ssh://h', 'nothing'])
    expect(readLink(bad)).toBeUndefined();
});
