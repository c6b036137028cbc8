import { spawn } from 'node:child_process';

/** Whether a browser could show itself. A Linux machine without a display server has no place for one. */
export function hasDisplay(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): boolean {
  if (platform !== 'linux') return true;
  return Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']);
}

/** Hands an address to the desktop's browser. What comes of it is the desktop's: `failed` is told when it could not even start. */
export function openBrowser(
  url: string,
  failed: (reason: string) => void,
  platform: string = process.platform,
): void {
  const [file, args] =
    platform === 'darwin'
      ? ['open', [url]]
      : platform === 'win32'
        ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
        : ['xdg-open', [url]];
  const child = spawn(file, args, { stdio: 'ignore', detached: true });
  child.on('error', (error) => failed(error.message));
  child.unref();
}
