import { showDetail, toggleTimeline, useUi } from '../../stores/ui.ts';
import { focusActiveTerminal } from '../panes/paneCommands.ts';

/** Parts of the screen, in the order in which a key goes through them: Tab belongs to the shell of a terminal. */
const REGIONS = ['fleet', 'timeline', 'panes', 'detail'] as const;
export type Region = (typeof REGIONS)[number];

/** What takes the focus of a region: the first of these that is there. */
const TARGETS: Record<Exclude<Region, 'panes'>, readonly string[]> = {
  fleet: ['[role="option"][tabindex="0"]'],
  timeline: ['[data-selected] > [data-head]', '[data-head]', 'input'],
  detail: ['[role="tab"][aria-selected="true"]'],
};

/** @param targets within the region, in place of what has its focus otherwise */
export function goToRegion(region: Region, targets?: readonly string[]): void {
  show(region);
  if (region === 'panes') focusActiveTerminal();
  else whenDrawn(() => focusFirst(region, targets ?? TARGETS[region]));
}

export function goToNextRegion(by: 1 | -1): void {
  const here = document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset['region'];
  const at = REGIONS.indexOf(here as Region);
  goToRegion(REGIONS[(at + by + REGIONS.length) % REGIONS.length] ?? 'panes');
}

function show(region: Region): void {
  const { cramped, timelineOpen, timelineOver } = useUi.getState();
  if (region === 'panes') useUi.setState({ timelineOver: false, detailMaximised: false });
  else if (region === 'detail') showDetail();
  else if (region === 'timeline' && !(cramped.timeline ? timelineOver : timelineOpen)) toggleTimeline();
}

function focusFirst(region: Region, targets: readonly string[]): void {
  const within = document.querySelector(`[data-region="${region}"]`);
  for (const target of targets) {
    const found = within?.querySelector<HTMLElement>(target);
    if (found) {
      found.focus();
      return;
    }
  }
}

/** React draws what was asked for before timers. */
function whenDrawn(run: () => void): void {
  setTimeout(run, 0);
}
