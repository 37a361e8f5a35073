"""What LitGPT 0.5.13 printed: a pretraining of 10 steps of 8 sequences of 16 tokens on a processor."""

FINETUNE = """{'train': TrainArgs(save_interval=1000, log_interval=1, global_batch_size=16, micro_batch_size=4, max_seq_length=256)}
The longest sequence length in the train data is 180, the model's maximum sequence length is 180 and context length is 2048
Epoch 1 | iter 3 step 0 | loss train: 2.345, val: n/a | iter time: 81.24 ms
Epoch 1 | iter 8 step 2 | loss train: 2.125, val: 2.200 | iter time: 81.24 ms (step)
"""
"""Rebuilt from the format strings of ``litgpt/finetune/lora.py`` at commit 26857050."""


def test_steps_tokens_and_loss_are_those_of_the_log(recorded):
    progress = recorded("litgpt", "litgpt")
    assert progress.counts == {"steps": 10.0, "samples": 80.0, "tokens": 1280.0}
    assert progress.loss == 5.787


def test_a_finetuning_pads_each_batch_to_another_length_so_its_tokens_are_unknown(log_of):
    progress = log_of("litgpt", FINETUNE)
    assert progress.counts == {"steps": 2.0, "samples": 32.0}
    assert progress.loss == 2.125
