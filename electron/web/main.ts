import { createCore } from '../core/core.ts';
import { runWeb } from './runWeb.ts';

// Whatever might still be open, the core has closed what matters: nothing may keep a finished program alive.
process.exit(await runWeb({ args: process.argv.slice(2), createCore }));
