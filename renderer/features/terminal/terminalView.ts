import { FitAddon } from '@xterm/addon-fit';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { type IMarker, Terminal } from '@xterm/xterm';
import { type Disposable, DisposableStore } from '../../../shared/base/disposable.ts';
import type { RpcClient } from '../../../shared/contract/rpc.ts';
import { visibleText } from '../../../shared/model/hostText.ts';
import type { PaneId } from '../../../shared/model/pane.ts';
import { withNewerEmoji } from '../../../shared/panes/newerEmoji.ts';
import { isTerminalReply } from '../../../shared/panes/terminalReply.ts';
import { besideTyping } from '../../series/echo.ts';
import { call, client } from '../../stores/connection.ts';
import { activePane, usePanes } from '../../stores/panes.ts';
import { openDialog, useUi } from '../../stores/ui.ts';
import { receiversOf } from '../panes/broadcast.ts';
import { broadcastHeard, broadcastPaste, broadcastTyped } from '../panes/broadcastInput.ts';
import { forgetPane, usePaneUi } from '../panes/paneUi.ts';
import { openScrollback } from '../scrollback/scrollbackViews.ts';
import { type Acknowledger, createAcknowledger } from './acknowledger.ts';
import { limitDrawRate } from './drawRate.ts';
import { hasRealGpu } from './gpu.ts';
import { type PaneAnswer, paneAnswer } from './paneAnswer.ts';
import { createParseQueue, type ParseSource } from './parseQueue.ts';
import { createPromptTimers } from './promptTimers.ts';
import { forgetLinks } from './staleLinks.ts';
import { keepClassesStill } from './stillClasses.ts';
import { binaryFrame, inputFrame, needsConfirmation, pasteText } from './terminalInput.ts';
import { terminalTheme } from './terminalTheme.ts';
import { moveTextareaWithFrames } from './textareaPlace.ts';
import { type HostLink, LINK, linksIn } from './webLinks.ts';
import { writtenLinks } from './writtenLinks.ts';

/**
 * The newest rows only: a row costs 12 bytes a cell, so that twelve panes of 50,000 rows of 120 would take 860 MB. The
 * recording has the rest, and features/scrollback shows it.
 */
const SCROLLBACK_LINES = 5_000;
/** Fills the scrollback with lines of two hundred characters. */
const REPLAY_BYTES = 1_048_576;
/** A drag of a border makes dozens of sizes; the shell is told of the one it ends with. */
const RESIZE_WAIT_MS = 80;
/** Rows that tell one place of the scrollback from another. */
const MOST_COMPARED = 12;
/** Browsers keep about sixteen contexts and take the oldest away; some are left for others. */
const MOST_WEBGL = 8;
let webglInUse = 0;

const promptTimers = createPromptTimers(window);
const parseQueue = createParseQueue<TerminalView>({
  later: (run) => promptTimers.soon(run),
  after: (milliseconds, run) => setTimeout(run, milliseconds),
  now: () => performance.now(),
});
const drawRate = limitDrawRate(window, () => performance.now(), {
  inBackground: () => parseQueue.current?.urgent === false,
  beside: besideTyping,
});

/** One xterm for one pane: made once, moved about by the layout, stopped with the pane. */
export class TerminalView implements Disposable, ParseSource {
  readonly pane: PaneId;
  /** What React puts in its place. Its name is how people and tests find it. */
  readonly element = document.createElement('div');
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #owned = new DisposableStore();
  #opened = false;
  /** Bytes of a replay that xterm has not parsed yet. */
  #replaying = 0;
  /** Counts attachments: acknowledgements of an earlier connection's bytes go to nobody. */
  #attachment = 0;
  #acknowledger: Acknowledger | undefined;
  #wire: number | undefined;
  #resizeTimer: ReturnType<typeof setTimeout> | undefined;
  #toldSize = '';
  /** The recording began before what this terminal was given. */
  #replayWasCut = false;
  /** A paste is on its way to this shell alone. */
  #pasting = false;
  #answer: IMarker | undefined;

  constructor(pane: PaneId) {
    this.pane = pane;
    this.element.style.cssText = 'position:absolute;inset:0;contain:strict;will-change:transform';
    const ui = useUi.getState();
    this.#terminal = new Terminal({
      allowProposedApi: true, // the grapheme widths are proposed API
      cursorBlink: false,
      cursorInactiveStyle: 'outline',
      fontFamily: '"JetBrains Mono", ui-monospace, monospace',
      fontSize: ui.fontSize,
      lineHeight: 1.05,
      scrollback: SCROLLBACK_LINES,
      screenReaderMode: ui.screenReader,
      theme: terminalTheme(ui.theme),
      // Programs choose colours for dark backgrounds; on a light one xterm darkens what could not be read.
      minimumContrastRatio: ui.theme === 'light' ? 4.5 : 1,
      // A link's text may say one thing and its address another: both are shown before it is opened.
      linkHandler: {
        activate: (event, address, range) => {
          const line = this.#terminal.buffer.active.getLine(range.start.y - 1);
          const wraps = range.end.y > range.start.y;
          const text =
            line?.translateToString(true, range.start.x - 1, wraps ? undefined : range.end.x) ?? '';
          this.#askAboutLink(event, { address, text });
        },
        allowNonHttpProtocols: true,
      },
      macOptionIsMeta: true,
      tabStopWidth: 8,
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.loadAddon(
      new WebLinksAddon((event, address) => this.#askAboutLink(event, { address }), { urlRegex: LINK }),
    );
    this.#terminal.loadAddon(withNewerEmoji(new UnicodeGraphemesAddon()));
    this.#listen();
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Draws into `parent`. Moving between parents keeps everything. */
  mount(parent: HTMLElement): void {
    parent.append(this.element);
    if (this.#opened) {
      this.#fitSoon();
      return;
    }
    this.#opened = true;
    this.#terminal.open(this.element);
    if (this.#terminal.element) keepClassesStill(this.#terminal.element.classList);
    if (this.#terminal.textarea) {
      moveTextareaWithFrames(
        this.#terminal.textarea,
        () => parseQueue.current === this,
        (run) => requestAnimationFrame(run),
      );
    }
    this.#drawOnGpu();
    this.#fitNow();
    if (activePane()?.id === this.pane && document.activeElement === document.body) this.focus();
    const observer = new ResizeObserver(() => this.#fitSoon());
    observer.observe(this.element);
    this.#owned.addStop(() => observer.disconnect());
    try {
      this.attach(client());
    } catch {
      // No connection at the moment: the next one attaches every open terminal.
    }
  }

  focus(): void {
    this.#terminal.focus();
  }

  /** Starts the flow from a connection, on an empty screen: what is on record comes first. */
  attach(connection: RpcClient): void {
    if (!this.#opened) return;
    const attachment = ++this.#attachment;
    this.#wire = undefined;
    this.#replaying = 0;
    parseQueue.forget(this);
    this.#toldSize = '';
    this.#terminal.reset();
    this.#tellSize();
    const attached = connection.call('pane.attach', { pane: this.pane, replayBytes: REPLAY_BYTES });
    attached.then(
      ({ replayedBytes, totalBytes }) => {
        if (attachment === this.#attachment) this.#replayWasCut = replayedBytes < totalBytes;
      },
      () => {},
    );
    attached.catch((thrown: Error) => {
      // A connection that closed is replaced, and the next one attaches anew.
      if (
        attachment !== this.#attachment ||
        (thrown as { error?: { code: string } }).error?.code === 'closed'
      )
        return;
      this.#terminal.write(
        `\r\n\x1b[31mThis pane’s output could not be attached: ${visibleText(thrown.message, 300)}\x1b[0m\r\n`,
      );
    });
  }

  /** Bytes from the core. They count as taken once xterm has parsed them. */
  receive(bytes: Uint8Array, replayed: boolean, connection: RpcClient, wire: number): void {
    if (this.#wire !== wire) {
      this.#wire = wire;
      this.#acknowledger = createAcknowledger((count) =>
        connection.sendTerminal({ type: 'acknowledgement', wire, count }),
      );
    }
    drawRate.received(bytes.length, this.urgent);
    const acknowledger = this.#acknowledger;
    acknowledger?.written(bytes.length);
    const attachment = this.#attachment;
    if (replayed) this.#replaying += bytes.length;
    parseQueue.add(this, bytes, (count, last) => {
      if (replayed && attachment === this.#attachment) this.#replaying -= count;
      acknowledger?.parsed(count);
      drawRate.parsed(last, this.urgent);
    });
  }

  get urgent(): boolean {
    return this.element.contains(document.activeElement);
  }

  write(bytes: Uint8Array, done: () => void): void {
    promptTimers.within(() => this.#terminal.write(bytes, done));
  }

  /** Into this shell alone, bracketed if it asked for that. */
  paste(text: string): void {
    this.#pasting = true;
    this.#terminal.paste(text);
    this.#pasting = false;
  }

  get applicationCursorKeys(): boolean {
    return this.#terminal.modes.applicationCursorKeysMode;
  }

  /** What follows is the answer to what is typed now. */
  markAnswer(): void {
    this.forgetAnswer();
    if (this.#terminal.buffer.active.type === 'normal') this.#answer = this.#terminal.registerMarker(0);
  }

  forgetAnswer(): void {
    this.#answer?.dispose();
    this.#answer = undefined;
  }

  /** The cursor's line up to the cursor, and what was printed since `markAnswer`, to be compared with other panes'. */
  get answer(): PaneAnswer {
    return paneAnswer(this.#terminal.buffer.active, this.#answer);
  }

  /** Of one character, in pixels, as it is drawn. */
  get cell(): { width: number; height: number } | undefined {
    const screen = this.element.querySelector('.xterm-screen');
    if (!screen || screen.clientHeight === 0) return undefined;
    const { cols, rows } = this.#terminal;
    return { width: screen.clientWidth / cols, height: screen.clientHeight / rows };
  }

  /** What is in view now: how many rows before the end of all output it begins, its first rows, and where in it the cursor is. */
  get standing(): {
    fromEnd: number;
    texts: string[];
    atEnd: boolean;
    cursor: { row: number; cell: number };
  } {
    const { active } = this.#terminal.buffer;
    const text = (row: number) => active.getLine(row)?.translateToString(true) ?? '';
    let end = active.length;
    while (end > active.baseY + active.cursorY + 1 && text(end - 1) === '') end--;
    const rows = Math.min(this.#terminal.rows, end - active.viewportY, MOST_COMPARED);
    return {
      fromEnd: end - active.viewportY,
      atEnd: active.viewportY === active.baseY,
      cursor: { row: active.baseY + active.cursorY - active.viewportY, cell: active.cursorX },
      texts: Array.from({ length: rows }, (_, row) => text(active.viewportY + row)),
    };
  }

  scrollToBottom(): void {
    this.#terminal.scrollToBottom();
  }

  /** Links on the screen: those that programs wrote first, since their text may hide where they go. */
  get links(): HostLink[] {
    const written = writtenLinks(this.#terminal);
    const known = new Set(written.flatMap(({ address, text }) => [address, text]));
    return [...written, ...linksIn(this.screenText).filter(({ address }) => !known.has(address))];
  }

  /** What stands on the screen now, a line each; rows that the width broke are one. */
  get screenText(): string {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, row) => {
      const line = active.getLine(active.baseY + row);
      return `${line?.isWrapped || row === 0 ? '' : '\n'}${line?.translateToString(true) ?? ''}`;
    }).join('');
  }

  clearSelection(): void {
    this.#terminal.clearSelection();
  }

  /** Copies through the browser's own copy event: needs no permission, and no page can ask for it. */
  copySelection(): boolean {
    if (!this.#terminal.hasSelection()) return false;
    this.#terminal.focus();
    return document.execCommand('copy');
  }

  dispose(): void {
    clearTimeout(this.#resizeTimer);
    parseQueue.forget(this);
    this.#owned.dispose();
    this.#terminal.dispose();
    this.element.remove();
    forgetPane(this.pane);
  }

  #listen(): void {
    const terminal = this.#terminal;
    terminal.onData((data) => {
      if (this.#replaying > 0 && isTerminalReply(data)) return;
      drawRate.typed();
      parseQueue.typed();
      if (!this.#pasting && broadcastTyped(this.pane, data)) return;
      this.#send((wire) => inputFrame(wire, data), data);
    });
    terminal.onBinary((data) => this.#send((wire) => binaryFrame(wire, data), data));
    terminal.onResize(() => this.#tellSize());
    terminal.onWriteParsed(() => {
      forgetLinks(terminal);
      broadcastHeard(this.pane);
    });
    terminal.onBell(() => {
      if (this.#replaying > 0 || document.activeElement === terminal.textarea) return;
      usePaneUi.setState((s) => (s.bells[this.pane] ? s : { bells: { ...s.bells, [this.pane]: true } }));
    });
    terminal.onTitleChange((title) => {
      const shown = visibleText(title, 80);
      usePaneUi.setState((s) =>
        s.titles[this.pane] === shown ? s : { titles: { ...s.titles, [this.pane]: shown } },
      );
    });
    this.element.addEventListener('wheel', (event) => this.#onWheel(event), { capture: true });
    this.element.addEventListener('paste', (event) => this.#onPaste(event), { capture: true });
    this.#owned.addStop(
      useUi.subscribe((ui, before) => {
        if (ui.theme !== before.theme) {
          terminal.options.theme = terminalTheme(ui.theme);
          terminal.options.minimumContrastRatio = ui.theme === 'light' ? 4.5 : 1;
        }
        if (ui.fontSize !== before.fontSize) {
          terminal.options.fontSize = ui.fontSize;
          this.#fitSoon();
        }
        if (ui.screenReader !== before.screenReader) terminal.options.screenReaderMode = ui.screenReader;
      }),
    );
  }

  #send(frame: (wire: number) => ReturnType<typeof inputFrame>, data: string): void {
    const pane = usePanes.getState().byId[this.pane];
    if (!pane) return;
    if (pane.state.kind === 'exited' || pane.state.kind === 'failed') {
      if (data === '\r') call('pane.restart', { pane: this.pane }).catch(() => {});
      return;
    }
    try {
      client().sendTerminal(frame(pane.wire));
    } catch {
      // Without a connection there is nobody to type to; the banner says so.
    }
  }

  /** With Ctrl (⌘ on macOS) only: a click that takes the focus must open nothing. */
  #askAboutLink(event: MouseEvent, link: HostLink): void {
    if (event.ctrlKey || event.metaKey) openDialog({ kind: 'links', links: [link] });
  }

  /** At the top of what the terminal holds, the wheel goes on into the recording. */
  #onWheel(event: WheelEvent): void {
    const { active } = this.#terminal.buffer;
    const more = active.baseY >= SCROLLBACK_LINES || this.#replayWasCut;
    if (event.deltaY >= 0 || active.type !== 'normal' || active.viewportY > 0 || !more) return;
    if (this.#terminal.modes.mouseTrackingMode !== 'none') return;
    event.preventDefault();
    event.stopPropagation();
    openScrollback(this.pane, { kind: 'terminal', entry: 'wheel', ...this.standing });
  }

  #onPaste(event: ClipboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    this.pasteFromUser(event.clipboardData?.getData('text/plain') ?? '');
  }

  /** As a person pastes: without what could act by itself, and shown first where each line would run. */
  pasteFromUser(clipboard: string): void {
    const text = pasteText(clipboard);
    if (text === '') return;
    // To several hosts, several lines are looked at first, whatever their shells would do with them.
    const bracketed = this.#terminal.modes.bracketedPasteMode && receiversOf(this.pane).length < 2;
    if (needsConfirmation(text, bracketed)) usePaneUi.setState({ paste: { pane: this.pane, text } });
    else broadcastPaste(this.pane, text);
  }

  #fitSoon(): void {
    requestAnimationFrame(() => this.#fitNow());
  }

  #fitNow(): void {
    // A hidden pane has no size; it keeps the one it had.
    if (this.element.clientWidth < 20 || this.element.clientHeight < 12) return;
    this.#fit.fit();
    this.#tellSize();
  }

  #tellSize(): void {
    clearTimeout(this.#resizeTimer);
    this.#resizeTimer = setTimeout(() => {
      const { columns, rows } = this.size;
      const size = `${columns}x${rows}`;
      if (size === this.#toldSize) return;
      this.#toldSize = size;
      call('pane.resize', { pane: this.pane, columns, rows }).catch(() => {
        this.#toldSize = '';
      });
    }, RESIZE_WAIT_MS);
  }

  #drawOnGpu(): void {
    if (!hasRealGpu() || webglInUse >= MOST_WEBGL) return;
    try {
      const addon = new WebglAddon();
      webglInUse++;
      const release = this.#owned.addStop(() => {
        webglInUse--;
        addon.dispose();
      });
      // Without its addon xterm draws in the DOM again.
      addon.onContextLoss(() => this.#owned.release(release));
      this.#terminal.loadAddon(addon);
    } catch {
      // No WebGL after all.
    }
  }
}
