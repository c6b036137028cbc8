/** A menu item of roles only: the roles bring their own labels and keys. */
export interface RoleItem {
  label?: string;
  role?:
    | 'appMenu'
    | 'editMenu'
    | 'copy'
    | 'paste'
    | 'selectAll'
    | 'togglefullscreen'
    | 'toggleDevTools'
    | 'minimize'
    | 'close'
    | 'quit';
  type?: 'separator';
  accelerator?: string;
  submenu?: RoleItem[];
}

/**
 * As little as the platforms need. No reload, no zoom, no Ctrl-W and no Ctrl-C: those keys belong to the terminal, and
 * everything else is in the palette.
 */
export function menuTemplate(platform: string, developer: boolean): RoleItem[] {
  const mac = platform === 'darwin';
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    ...(mac ? [{ role: 'editMenu' } as const] : [{ label: 'Edit', submenu: terminalEdit() }]),
    {
      label: 'View',
      submenu: [
        { role: 'togglefullscreen' },
        ...(developer ? [{ role: 'toggleDevTools', accelerator: 'F12' } as const] : []),
      ],
    },
  ];
}

/** Off the Mac, Ctrl-C interrupts and Ctrl-V quotes: copy and paste take Shift, as terminals have it. */
function terminalEdit(): RoleItem[] {
  return [
    { role: 'copy', accelerator: 'Ctrl+Shift+C' },
    { role: 'paste', accelerator: 'Ctrl+Shift+V' },
  ];
}
