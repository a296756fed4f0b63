/** Themes of the nineteenth century. */
export const ROMANTIC = `
T: Lullaby
C: Johannes Brahms (1833-1897)
M: 3/4
L: 1/8
Q: 76
K: F
A A | "F"c4 A A | c4 A c | f2 "C7"e3 d | "F"d2 c2 G A | "C7"B4 G A | B4 G B | e d c2 e2 | "F"f4 F F |
"Bb"f4 d B | "F"c4 A F | "C7"B2 c2 d2 | "F"c4 F F | "Bb"f4 d B | "F"c4 A F | "C7"B2 A2 G2 | "F"F4 |

T: Bridal Chorus
C: Richard Wagner (1813-1883), Lohengrin
M: 2/4
L: 1/8
Q: 84
K: F
"F"C2 F3/2 F/ | F4 | "C7"C2 G3/2 E/ | "F"F4 | "F"C2 F3/2 B/ | "Bb"B2 "F"A3/2 G/ | "F"F2 "C7"E3/2 F/ | "C"G4 |
"F"C2 F3/2 F/ | F4 | "C7"C2 G3/2 E/ | "F"F4 | "F"C2 F3/2 A/ | c2 A3/2 F/ | "Gm"D2 "C7"G3/2 A/ | "F"F4 |

T: William Tell, Finale
C: Gioachino Rossini (1792-1868)
M: 2/4
L: 1/8
Q: 152
K: G
P: AA
P:A
D/ D/ | "G"D D/ D/ D D/ D/ | G A B D/ D/ | D D/ D/ G B/ B/ | "D7"A F D D/ D/ |
"G"D D/ D/ D D/ D/ | G A B G/ B/ | d3 c/ B/ | "D7"A/ G/ A/ F/ "G"G


T: Swan Lake
C: Pyotr Ilyich Tchaikovsky (1840-1893)
M: 4/4
L: 1/8
Q: 84
K: Am
P: AABA
P:A
"Am"e4 A B c d | e3 c e3 c | e3 A c A "Dm"F c | "Am"A6 d c | "G"B4 "Am"A B c d | e3 c e3 c | "Am"e3 A "F"c A F c | "Am"A8 |
P:B
"G"B2 c2 d2 e2 | "F"f3 e "G"d2 e f | "C"g3 f "F"e2 f g | "Dm"a3 g "E"^g4 |

T: In the Hall of the Mountain King
C: Edvard Grieg (1843-1907)
M: 4/4
L: 1/8
Q: 144
K: Em
P: AABBAAC
P:A
"Em"E F G A B G B2 | "F#"^A ^F A2 "F"=A =F A2 | "Em"E ^F G A B G B e | "G"d B G B "Em"d4 |
P:C
"Em"E ^F G A B G B e | e2 z2 "B7"^D2 z2 | "Em"E4 z4 |
P:B
"B"B, ^C ^D E F ^D F2 | "Em"G ^D G2 "B"F ^D F2 | B, ^C ^D E F ^D F2 | "Em"G ^D G2 "B"F4 |

T: Morning Mood
C: Edvard Grieg (1843-1907)
M: 6/8
L: 1/8
Q: 90
K: E
"E"B G F E F G | B G F E F/ G/ F/ G/ | "C#m"B G B c G c | "E"B G F E3 |
"E"b g f e f g | b g f e f/ g/ f/ g/ | "C#m"b g e c g c | "E"b g f e3 |

T: Largo from the New World Symphony
C: Antonín Dvořák (1841-1904)
M: 4/4
L: 1/8
Q: 60
K: D
P: ABA
P:A
"D"F3/2 A/ A2 F3/2 E/ D2 | "G"E3/2 F/ A3/2 F/ "A"E4 | "D"F3/2 A/ A2 F3/2 E/ D2 | "A"E2 F3/2 E/ "D"D4 |
P:B
"G"B3/2 d/ d2 "D"c3/2 A/ B2 | "G"B3/2 d/ "A"c3/2 A/ "Bm"B4 | "G"B3/2 d/ d2 "D"c3/2 A/ B2 | "G"B3/2 d/ "A"c3/2 A/ "Bm"B4 |

T: Humoresque
C: Antonín Dvořák (1841-1904)
M: 4/4
L: 1/8
Q: 100
K: G
"G"G3/2 A/ G3/2 A/ B3/2 d/ e3/2 d/ | "C"g3/2 f/ a3/2 g/ "D"f3/2 a/ "C"g3/2 e/ | "G"d3/2 d/ e3/2 d/ g3/2 e/ d3/2 B/ | "D7"A8 |
"G"G3/2 A/ G3/2 A/ B3/2 d/ e3/2 d/ | "C"g3/2 f/ a3/2 g/ "D"f3/2 a/ "C"g3/2 e/ | "G"d2 d3/2 g/ B2 "D7"A2 | "G"G8 |

T: Toreador March
C: Georges Bizet (1838-1875), Carmen
M: 4/4
L: 1/8
Q: 108
K: F
"F"c2 d3/2 c/ A2 A2 | A3/2 G/ A3/2 B/ A4 | "C7"B2 G3/2 c/ "F"A4 | "Dm"F2 D3/2 G/ "C"C4 |
"C7"G4- G G d c | "C7"B A G A "F"B A2 E | "Am"A4 "E7"^G2 B2 | "Am"e4 "C7"c4 |
"F"c2 d3/2 c/ A2 A2 | A3/2 G/ A3/2 B/ A4 | "C7"B2 G3/2 c/ "F"A4 | "Bb"d2 "C7"c3/2 G/ "F"F4 |

T: The Moldau
C: Bedřich Smetana (1824-1884)
M: 6/8
L: 1/8
Q: 108
K: Em
P: AB
P:A
B, | "Em"E2 F G2 A | B3 B3 | "C"c3 c3 | "Em"B3- B2 z | "Am"A3 A2 A | "Em"G3 G3 | "B7"F2 E F2 G | "Em"E3- E2
P:B
e | "Em"e2 d B2 e | e2 d B2 z | "Am"c3 c3 | "Em"B3- B2 z | "Am"A3 A2 A | "Em"G3 G3 | "B7"F2 E F2 G | "Em"E3- E2
`;
