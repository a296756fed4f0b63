/** Jigs, reels, hornpipes, waltzes and marches. */
export const DANCES = `
T: The Irish Washerwoman
C: Traditional (Ireland)
M: 6/8
L: 1/8
Q: 174
K: G
P: AABB
P:A
"G"B G G D G G | B G B d c B | "Am"c A A E A A | "D7"c B c e d c | "G"B G G D G G | B G B d c B | "Am"c B c "D7"A d c | "G"B G G G3 |
P:B
"G"g d g g d g | g d g b a g | "D"f d f f d f | f d f a g f | "C"e g g "G"d g g | "C"c g g "G"B g g | "Am"c B c "D7"A d c | "G"B G G G3 |

T: Soldier's Joy
C: Traditional (Scotland and Scandinavia)
M: 2/4
L: 1/16
Q: 108
K: D
P: AABB
P:A
"D"A F D F A F D F | A2 d2 d2 c B | A F D F A F D F | "A"G2 E2 E2 A G | "D"F2 D F A F D F | A2 d2 d2 e f | "G"g f e d "A"c A B c | "D"d2 d2 d4 |
P:B
"D"f2 a f f2 a f | "G"g2 b g g2 b g | "D"f2 a f f2 a f | "A"e c d e A2 e g | "D"f2 a f f2 a f | "G"g2 b g "D"f a f d | "G"g f e d "A"c A B c | "D"d2 d2 d4 |

T: Turkey in the Straw
C: Traditional (United States)
M: 2/4
L: 1/16
Q: 104
K: G
P: AABB
P:A
B A | "G"G2 G F G D B, C | D2 D C D2 G A | B2 B2 B A G A | "D"B2 A2 A2 B A | "G"G F G A G D B, C | D2 D C D2 G A | B d2 e d B G A | "D"B2 A2 "G"G2
P:B
B c | "G"d2 d2 d B G B | d2 d2 d4 | "C"e2 e2 e c A c | e2 e2 e4 | "G"g4 g4 | d4 d3 B | A B d e d B G A | "D"B2 A2 "G"G2

T: Sailor's Hornpipe
C: Traditional (England)
M: 2/4
L: 1/16
Q: 108
K: G
P: AABB
P:A
G F | "G"G2 G,2 G,2 G F | G2 B2 d2 c B | "C"c2 C2 C2 d c | "Am"c2 e2 "D"g2 f e | "D"d2 f2 a2 g f | "G"g2 f e d c B A | "C"c2 A2 "D"B A G F | "G"G2 G2 G2
P:B
B c | "G"d2 D2 D2 c d | "C"e2 E2 E2 d e | "D"f2 F2 F2 e f | "G"g f g a g f e d | "C"c B c d c B A G | "D"F G A B A G F E | "D"D E F G A B c A | "G"G2 G2 G2 |

T: Tarantella
C: Traditional (Naples)
M: 6/8
L: 1/8
Q: 210
K: Am
P: AABB
P:A
"Am"e2 e e f e | "Dm"d2 d d e d | "Am"c2 c c d c | "E"B3 ^G3 | "Am"e2 e e f e | "Dm"d2 d d e d | "E"c B A B2 ^G | "Am"A3 A3 |
P:B
"Am"A c e a2 e | "Dm"f e d f2 d | "E"B d f e2 d | "Am"c B A c2 e | "Am"A c e a2 e | "Dm"f e d f2 d | "E"B c d c B ^G | "Am"A3 A3 |

T: The Blue Danube
C: Johann Strauss the Younger (1825-1899)
M: 3/4
L: 1/4
Q: 160
K: Bb
B, | "Bb"B, D F | F f f | z d d | z B, B, | D F F | z f f | "F7"z e e | z A, A, | "Cm"C G G | z g g | "F7"z e e | z A, A, | "Cm"C G G | z g g | "Bb"z d d | z B, B, |
D F B | B b b | z f f | z B, B, | D F B | B b b | "Eb"z g g | "Cm"z C C | E G2- | G G =E | "Bb"F d2- | d d B | "Gm"D2 "C7"C | "Cm"G2 "F7"F | "Bb"B,2

T: La Cucaracha
C: Traditional (Spain and Mexico)
M: 4/4
L: 1/8
Q: 144
K: F
P: AA
P:A
C C C | "F"F3 A2 C C C | F3 A5 | F3 F E E D D | "C7"C5 C C C | "C7"E3 G2 C C C | E3 G5 | c3 d c B A G | "F"F5

T: Can-can
C: Jacques Offenbach (1819-1880), Orpheus in the Underworld
M: 2/4
L: 1/8
Q: 152
K: D
P: AA
P:A
"D"D4 | "A7"E G F E | "D"A2 A2 | A B F G | "A7"E2 E2 | E G F E | "D"D d c B | "A7"A G F E |
"D"D4 | "A7"E G F E | "D"A2 A2 | A B F G | "A7"E2 E2 | E G F E | "D"D A "A7"E F | "D"D2 z2 |
`;
