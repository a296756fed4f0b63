/** Songs of East Asia, and an anthem. */
export const WORLD = `
T: Sakura
C: Traditional (Japan)
M: 4/4
L: 1/4
Q: 80
K: Am
"Am"A A "E"B2 | "Am"A A "E"B2 | "Am"A B c B | "F"A B/ A/ F2 | "Am"E C E "F"F | "E"E E/ C/ B,2 | "Am"A B c B | "F"A B/ A/ F2 |
"Am"E C E "F"F | "E"E E/ C/ B,2 | "Am"A A "E"B2 | "Am"A A "E"B2 | "F"E F B/ A/ F | "Am"E4 |

T: Arirang
C: Traditional (Korea)
M: 3/4
L: 1/8
Q: 96
K: G
"G"D3 E D E | G3 A G A | B2 A G "C"E D | "G"D3 E D E | G3 A G A | "G"B A G E D E | "C"G3 A G E | "G"G6 |
"G"d4 d2 | d2 B2 A2 | "G"B2 A G "C"E D | "G"D3 E D E | G3 A G A | "G"B A G E D E | "C"G3 A G E | "G"G6 |

T: Jasmine Flower
C: Traditional (China)
M: 4/4
L: 1/8
Q: 88
K: C
"C"E2 E G "Am"A c c A | "C"G2 G A G4 | E2 E G "Am"A c c A | "C"G2 G A G4 | G2 G2 G2 E G | "Am"A2 A2 "C"G4 | E2 D E G2 E D | C2 C D C4 |
"C"E D C E "G"D3 E | "C"G2 A c G4 | "G"D2 E G "Am"D E C A, | "G"G,4 "Am"A,2 C2 | "G"D3 E "Am"C D C A, | "C"G,8 |

T: God Save the King
C: Traditional (England, 1744)
M: 3/4
L: 1/4
Q: 92
K: G
"G"G "Em"G "Am"A | "D"F3/2 G/ A | "G"B B "C"c | "G"B3/2 A/ "Em"G | "Am"A "G"G "D"F | "G"G3 | d d d | d3/2 c/ B | "D7"c c c | c3/2 B/ A |
"G"B "D"c/ B/ A/ G/ | "G"B3/2 c/ d | "C"e/ c/ "G"B "D"A | "G"G3 |
`;
