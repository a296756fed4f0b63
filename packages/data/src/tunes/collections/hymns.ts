/** Hymn tunes and sacred songs. */
export const HYMNS = `
T: Amazing Grace
C: Traditional (United States: New Britain)
M: 3/4
L: 1/4
Q: 88
K: G
D | "G"G2 B/ G/ | B2 A | "C"G2 E | "G"D2 D | G2 B/ G/ | B2 A | "D"d3- | d2 B |
"G"d2 d/ B/ | G2 D | "C"E3/2 G/2 G/ E/ | "G"D2 D | G2 B/ G/ | "D7"B A2 | "G"G3- | G2 |

T: Old Hundredth
C: Loys Bourgeois (about 1510-1560)
M: 4/4
L: 1/4
Q: 80
K: G
G | "G"G F "Em"E D | "Em"G "D"A "G"B B | "G"B B "D"A "G"G | "C"c "G"B "D"A "G"G | "D"A "G"B "D"A "Em"G | "C"E "D"F "G"G d | "G"B G "D"A "C"c | "G"B "D"A "G"G

T: Ein feste Burg
C: Martin Luther (1483-1546)
M: 4/4
L: 1/8
Q: 84
K: C
P: AAB
P:A
c2 | "C"c2 c2 "G"G A B2 | "Am"c B A2 "C"G2 c2 | "G"B2 "Am"A2 "C"G2 A2 | "F"F E "G"D2 "C"C2
P:B
C2 | "C"G2 A2 "D"G2 ^F2 | "G"G4 z2 C2 | "C"G2 G2 "D"A2 B2 | "C"c4 z2 B2 | "Am"c2 B2 "F"A2 A2 | "G"B4 z2 c2 | "G"B2 "Am"A2 "C"G2 A2 | "F"F E "G"D2 "C"C2

T: Nun danket alle Gott
C: Johann Crüger (1598-1662)
M: 4/4
L: 1/4
Q: 88
K: F
P: AAB
P:A
c | "F"c c "Bb"d d | "F"c3 A | "Bb"B A "C7"G A/ B/ | "C7"A G "F"F
P:B
G | "C"G G "F"A A | "C"G3 G | "F"A/ =B/ "C"c "G"c =B | "C"c3 c | "Bb"d c "Bb"B "F"A | "Bb"B3 G | "F"A B/ A/ "C7"G F/ E/ | "F"F3

T: Nicaea
C: John Bacchus Dykes (1823-1876)
M: 4/4
L: 1/4
Q: 92
K: D
"D"D D F F | "A"A3 A | "G"B2 B B | "D"A2 F2 | "A"A A A A | "D"d2 "A"c A | "E7"E A B3/2 A/2 | "A"A4 |
"D"D D F F | A3 A | "G"B3/2 B/2 B B | "D"A2 F2 | "Bm"d2 "D"A A | "G"B2 "D"F2 | "G"G E "A7"E3/2 D/2 | "D"D4 |

T: Abide with Me
C: William Henry Monk (1823-1889)
M: 4/4
L: 1/4
Q: 76
K: F
"F"A2 "C7"A G | "F"F2 c2 | "Bb"d c "F"c "C7"B | "F"A4 | "F"A2 "Bb"B c | "Bb"d2 "F"c2 | "C"B G "G7"A =B | "C"c4 |
"F"A2 "C7"A G | "F"F2 c2 | "F"c B "Bb"B A | "C7"G4 | "C7"G2 A B | "F"A G "Bb"F B | "F"A2 "C7"G2 | "F"F4 |

T: Bethany
C: Lowell Mason (1792-1872)
M: 4/4
L: 1/4
Q: 84
K: G
"G"B2 A G | "C"G E E2 | "G"D2 G B | "D"A4 | "G"B2 A G | "C"G E E2 | "G"D G "D"F3/2 A/2 | "G"G4 |
"G"d3/2 e/2 d2 | "G"B3/2 d/2 d2 | "C"d3/2 e/2 "G"d B | "D"A4 | "G"B2 A G | "C"G E E2 | "G"D G "D"F3/2 A/2 | "G"G4 |

T: Slane
C: Traditional (Ireland)
M: 3/4
L: 1/8
Q: 100
K: D
"D"D2 D2 E D | "Bm"B,2 A,2 B,2 | "D"D2 D2 E2 | "D"F6 | "A"E2 E2 E2 | "A"E2 F2 A2 | "Bm"B2 A2 F2 | "D"A6 |
"G"B2 B c d c | "Bm"B2 A2 F2 | "D"A2 D2 C2 | "Bm"B,4 A,2 | "D"D2 F2 A2 | "Bm"B2 A F E D | "A7"E2 D2 D2 | "D"D6 |

T: Lobe den Herren
C: Stralsund (1665)
M: 3/4
L: 1/4
Q: 108
K: F
P: AAB
P:A
"F"F F c | A3/2 G/2 F | "C"E D C | "Dm"D "C"E F | "C"G3/2 G/2 G | "F"F3 |
P:B
"F"c c c | "Bb"d3 | "C7"G A B | "F"A3/2 G/2 F | "C7"C D E | "F"F "C7"G2 | "F"F3 |
`;
