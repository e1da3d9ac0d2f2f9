# Draws the output of bench/scale: gnuplot -c bench/plot_scaling.gp FOLDER
folder = ARG1
set datafile separator ","
set terminal svg size 640,420 font "sans-serif,12" background "white"
set grid
set key left bottom
set output folder."/scaling.svg"
set title "ranks of one thread each on two cores, and as many processes apart"
set xlabel "ranks"
set ylabel "sequences/s"
set format y "%.0s %c"
set logscale x 2
set yrange [0:*]
of(mode, batch, column) = strcol(1) eq mode && (batch == 0 || $4 == batch) && $2 == 16 ? column : NaN
file = folder."/scaling.csv"
plot file skip 1 using 6:(of("strong", 65536, $7)) with linespoints pointtype 7 title "batch 65,536", \
     file skip 1 using 6:(of("strong", 65536, $9)) with lines dashtype 2 title "apart", \
     file skip 1 using 6:(of("strong", 4096, $7)) with linespoints pointtype 5 title "batch 4,096", \
     file skip 1 using 6:(of("weak", 0, $7)) with linespoints pointtype 9 title "16,384 a rank", \
     file skip 1 using 6:(of("population", 0, $7)) with linespoints pointtype 11 title "512 networks"
