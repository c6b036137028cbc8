import { createCore } from '../core/core.ts';
import { runWeb } from './runWeb.ts';

// A terminal that has gone is no reason to go too: what is said on it is lost, and closing is not cut short.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
// Whatever might still be open, the core has closed what matters: nothing may keep a finished program alive.
process.exit(await runWeb({ args: process.argv.slice(2), createCore }));
