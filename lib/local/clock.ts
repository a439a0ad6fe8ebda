/**
 * Time as the platform's long waits on an open stream see it: the 30-minute cap, the minute between pings, the second between
 * metering records, the timeouts of plain invocations. Scaled by 60, each of them passes in a sixtieth of the time.
 *
 * What measures the container's own speed (to start, to answer `/ping`, to accept a socket, to stop) is never scaled: a container does not
 * run faster on a faster clock. The dates of signatures are not scaled either.
 */
export class Clock {
  /** Time as it passes. */
  static readonly REAL = new Clock(1);

  /**
   * Reads a scale such as `60x` or `60`.
   *
   * @throws RangeError when it is no number above 0.
   */
  static parse(text: string): Clock {
    const match = /^(\d+(?:\.\d+)?)x?$/.exec(text.trim());
    if (!match) throw new RangeError(`A clock is a number of times real time, such as 60x; "${text}" is not.`);
    return new Clock(Number(match[1]));
  }

  /**
   * @param scale how many times faster than real time; above 0.
   * @throws RangeError when it is not.
   */
  constructor(readonly scale: number) {
    if (!(scale > 0) || !Number.isFinite(scale))
      throw new RangeError(`A clock's scale must be above 0; ${scale} is not.`);
  }

  /** The real duration, in milliseconds, of a platform duration in milliseconds. */
  realMs(platformMs: number): number {
    return platformMs / this.scale;
  }

  /** Calls back once, after a platform duration in milliseconds. */
  setTimeout(callback: () => void, platformMs: number): NodeJS.Timeout {
    return setTimeout(callback, this.realMs(platformMs));
  }

  /** Calls back again and again, a platform duration in milliseconds apart. */
  setInterval(callback: () => void, platformMs: number): NodeJS.Timeout {
    return setInterval(callback, this.realMs(platformMs));
  }
}
