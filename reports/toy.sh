# Stands in for a training where the documentation needs one that takes a second and nothing but a shell.
step=0
while [ $step -lt 10 ]; do
    step=$((step + 1))
    echo "step $step/10 loss 2.$((20 - step))"
    sleep 0.1
done
