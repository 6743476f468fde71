/** The worst minute, chapter by chapter: what is done, in the steps of the demo's scripts (docs/demo.md). */

export const storyChapters = ["power-cut", "jam", "broker", "clock", "leaves", "sale"] as const;
export type StoryChapter = (typeof storyChapters)[number];

export const chapterScripts: Readonly<Record<StoryChapter, string>> = {
  "power-cut": `
    press A1
    wait panel pay
    scan
    wait phone request
    approve
    wait panel deliver
    break power
    pause 2
    mend power
    wait state ready
    wait ended
    home`,
  jam: `
    break jam
    press B1
    wait panel pay
    scan
    wait phone request
    approve
    wait panel deliver
    wait ended
    home
    mend jam
    wait state ready`,
  broker: `
    break mqtt
    expect no code
    pause 2
    mend mqtt
    wait state ready
    expect code`,
  clock: `
    break clock
    wait state out-of-service
    expect no code
    pause 2
    mend clock
    wait state ready
    expect code`,
  leaves: `
    press A3
    wait panel pay
    scan
    wait phone request
    pause 2
    expire
    home
    wait ended
    wait state ready`,
  sale: `
    press A2
    wait panel pay
    scan
    wait phone request
    approve
    wait ended
    wait state ready`,
};
