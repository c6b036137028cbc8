import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** What axe complains of, by rule and place. A terminal's colours are its programs' choice. The page is of a context of its own. */
export async function checkWithAxe(page: Page, screen: string, within?: string): Promise<void> {
  // A screen that still fades in has no contrast yet.
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))));
  const axe = new AxeBuilder({ page })
    // One page, no frames: it need not open another to put its results together.
    .setLegacyMode()
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'])
    .exclude('.xterm')
    .exclude('[data-scrollback] [class*="row"]');
  if (within !== undefined) axe.include(within).disableRules(['region']);
  const { violations } = await axe.analyze();
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 4).map((node) => {
      const why = node.failureSummary?.split('\n')[1]?.trim() ?? help;
      return `${id}: ${node.target.join(' ')} – ${why}`;
    }),
  );
  // The other screens are looked at all the same.
  expect.soft(found, screen).toEqual([]);
}
