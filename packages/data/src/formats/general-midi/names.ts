/** What a part does in a piece. Drums are told by their channel, bank or instrument, the others by scores. */
export const ROLES = ['melody', 'bass', 'harmony', 'drums'] as const;
export type Role = (typeof ROLES)[number];

/** Roles that a track's name can claim whatever its notes are like. */
export type ClaimedRole = 'melody' | 'bass';

/** What a name says: it `names` the role, `hints` at it with a word that other parts have too, or neither. */
export type Claim = 'names' | 'hints' | 'none';

/** Words of one kind: whole words in lower case without accents, and those of scripts without spaces between words. */
interface Words {
  readonly whole: ReadonlySet<string>;
  readonly within: RegExp;
}

const wordsOf = (whole: string, within: RegExp): Words => ({ whole: new Set(whole.trim().split(/\s+/)), within });

/**
 * In English, German, French, Italian, Spanish, Portuguese, Dutch, Swedish, Danish, Finnish, Polish, Czech, Hungarian,
 * Turkish, Greek, Russian, Japanese, Chinese and Korean.
 */
const MELODY = wordsOf(
  `melody melodies mel melo mld melodie melodien hauptmelodie melodia melodias melodi melodija melodika melodin dallam ezgi
  мелодия мелодии мелодія μελωδια`,
  /メロ|めろ|旋律|멜로디/,
);
const VOICE = wordsOf(
  `vocal vocals vocalist voc vocs vox voice voices singer singers singing leadvocal leadvocals leadvox
  gesang stimme singstimme oberstimme sanger sangerin chant chanteur chanteuse voix voce canto cantante
  voz cantor cantora zang zangstem zanger zangeres wokal spiew głos zpev vokal vocale sing sang sangstemma rost laulu enek
  sarkı вокал голос спів φωνη`,
  /歌|うた|[ボヴ]ォ?ーカル|人声|人聲|主唱|演唱|보컬|노래/,
);
const LEAD = wordsOf(
  `lead leads ld solo solos soli solist soloist solista soliste solowa solowy tune air theme thema tema temat main principal
  principale hauptstimme soprano sopran sopranos discant diskant cantus тема соло солист`,
  /リード|ソロ|テーマ|主題|主题|主奏|리드|솔로/,
);
const BASS = wordsOf(
  'bass basse basso baixo bajo bas bs baß bassline bassgitarre basgitara basgitaar kontrabass contrabass бас μπασο',
  /ベース|贝斯|貝斯|베이스/,
);

/**
 * With these words a name means a part other than the melody: "counter melody", "bass voice", "backing vocals", "2nd
 * voice".
 */
const NOT_MELODY = wordsOf(
  `bass basse basso baixo bajo bas baß бас counter countermelody contra contracanto gegen gegenstimme second secondary nd rd
  harmony harmonies harmonie harmonia harm accomp accompaniment begleitung backing back backup background bg bgv echo delay
  chord chords arp arpeggio rhythm drum drums percussion perc tom toms kit`,
  /伴奏|コーラス|ハモ|副旋律|対旋律|和声|オブリ|裏メロ|バック|メロトロン|メロタム|ドラム|合唱/,
);
/** Voices that are an instrument: "Voice Oohs", "Synth Voice", "Solo Vox". */
const NOT_VOICE = wordsOf(
  'choir choirs chorus chor coro choeur хор ooh oohs aah aahs ahs pad pads string strings synth syn synvox solo',
  /シンセ|\blead \d \(/i,
);
/** Leads that are a sound, or lead in: "Lead 1 (square)", "Solo Piano". */
const NOT_LEAD = wordsOf(
  'square saw sawtooth calliope chiff charang fifths voice vox pad pads choir strings piano in',
  /ピアノ|シンセ|\blead \d \(/i,
);
/** "Bass drum", "bass clarinet", "bass voice". */
const NOT_BASS = wordsOf(
  'drum drums kick clarinet trombone sax saxophone flute voice voices vocal vocals singer solo lead',
  /ドラム/,
);

/** What a track's name claims for a role. */
export function claimOf(name: string, role: ClaimedRole): Claim {
  const has = (words: Words) => says(name, words);
  if (role === 'bass') return has(BASS) && !has(NOT_BASS) ? 'names' : 'none';
  if (has(NOT_MELODY)) return 'none';
  if (has(MELODY) || (has(VOICE) && !has(NOT_VOICE))) return 'names';
  return has(LEAD) && !has(NOT_LEAD) ? 'hints' : 'none';
}

/** Words that speak for a role. Names of the NES's voices are usual in files made from its music. */
const NAME_WORDS: Readonly<Record<Role, RegExp>> = {
  melody:
    /melod|\blead|solo|vocal|\bvox\b|\bvoice\b|theme|\btune\b|(pulse|square) ?(wave )?(1|a|i)\b|flute|violin|trumpet|sax|oboe|clarinet|ocarina|whistle/i,
  bass: /\bbass(?! ?drum)|tuba\b|triangle|\btri\b/i,
  harmony:
    /harmon|chord|\bpad|accomp|backing|rhythm|\barp|counter|second|echo|string|choir|(pulse|square) ?(wave )?(2|b|ii)\b/i,
  drums: /drum|percuss|noise|\bkit\b|cymbal|snare/i,
};

/** 1 if a name has a word of the role, -0.5 if only of others, 0 if it says nothing. */
export function nameFit(name: string, role: Role): number {
  const isOther = role === 'melody' && says(name, NOT_MELODY);
  if (NAME_WORDS[role].test(name) && !isOther) return 1;
  return ROLES.some((other) => NAME_WORDS[other].test(name)) ? -0.5 : 0;
}

function says(name: string, { whole, within }: Words): boolean {
  const text = name.normalize('NFKC');
  return lettersOf(text).some((word) => whole.has(word)) || within.test(text);
}

/** Runs of letters, without case and accents; "LeadVox2" is lead and vox. */
function lettersOf(text: string): string[] {
  return text
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .split(/[^\p{L}]+/u);
}
