import packageJson from '../../package.json' with { type: 'json' };

/** Fireline's own version, as package.json has it. */
export const VERSION: string = packageJson.version;
