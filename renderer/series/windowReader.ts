import type { HostId } from '../../shared/model/host.ts';
import { call, useCoreLink } from '../stores/connection.ts';
import type { TimeWindow } from '../stores/ui.ts';
import { coreNow } from './coreTime.ts';
import { uncoverSeries } from './samples.ts';
import { WindowReader, type WindowSeries } from './windowSeries.ts';

/** The page's one reader of windows, over the page's one connection. */
const reader = new WindowReader(
  (request) => call('series.read', request),
  coreNow,
  (milliseconds, run) => {
    setTimeout(run, milliseconds);
  },
);

useCoreLink.subscribe(({ link }, before) => {
  if (link.kind !== 'connected' || before.link.kind === 'connected') return;
  uncoverSeries();
  reader.reset();
});

/** One host's series for a window, at once; what is missing is asked for, and its arrival announced. */
export function windowSeries(host: HostId, time: TimeWindow): WindowSeries {
  return reader.window(host, time);
}
