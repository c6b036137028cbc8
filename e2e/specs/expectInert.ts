import { expect, type Page } from '@playwright/test';

/** Controls, bidirectional marks, blanks without width: in no text and in no attribute that is read aloud or shown. */
export const ACTS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/**
 * Of all that stands on the page now. Terminals show what is typed in them, as they are to.
 * @param alerts as `collectAlerts` gives them
 */
export async function expectInert(of: Page, alerts: readonly string[]): Promise<void> {
  const { texts, elements, wide } = await of.evaluate(() => {
    const all = [...document.querySelectorAll('body, body *')].filter(
      (one) => !one.closest('.xterm, script, style'),
    );
    const texts = all.flatMap((one) => [
      ...[...one.attributes].map(({ value }) => value),
      ...[...one.childNodes]
        .filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
        .map((text) => text.nodeValue ?? ''),
    ]);
    const acting = 'img[src="x"], [onerror], a[href^="javascript"], u';
    const boxes = [document.documentElement, ...document.querySelectorAll('[role="dialog"]')];
    return {
      texts,
      elements: document.querySelectorAll(acting).length,
      wide: boxes.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length,
    };
  });
  expect(texts.filter((text) => ACTS.test(text))).toEqual([]);
  expect({ elements, wide, alerts }).toEqual({ elements: 0, wide: 0, alerts: [] });
}
