# Draws the output of bench/measure: gnuplot -c bench/plot.gp FOLDER
folder = ARG1
set datafile separator ","
set terminal svg size 640,420 font "sans-serif,12" background "white"
set grid
set key left top
set ylabel "sequences/s"
set format y "%.0s %c"

set output folder."/batch.svg"
set title "16 hidden units, 8 steps, one thread"
set xlabel "batch"
set logscale x 4
set format x "%.0s%c"
set key right bottom
set yrange [0:*]
plot folder."/batch.csv" skip 1 using 3:7 with linespoints pointtype 7 title "fastest window", \
     folder."/batch.csv" skip 1 using 3:6 with linespoints pointtype 6 title "median window"

set output folder."/hidden.svg"
set title "8 steps, batch 4,096, one thread"
set xlabel "hidden units"
set format x "%g"
set key right top
set logscale x 2
set logscale y 10
set yrange [*:*]
limit(hidden, peak) = peak * 1e9 / (8 * (6 * hidden ** 2 + 12 * hidden))
plot folder."/hidden.csv" skip 1 using 1:(limit($1, $8)) with lines dashtype 2 title "peak of fused multiply-adds", \
     folder."/hidden.csv" skip 1 using 1:7 with linespoints pointtype 7 title "fastest window", \
     folder."/hidden.csv" skip 1 using 1:6 with linespoints pointtype 6 title "median window"
