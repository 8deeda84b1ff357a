/// The table of other tools' keys: those of transformers' TrainingArguments, TRL's SFTConfig, PEFT's LoraConfig, axolotl,
/// LLaMA-Factory, torchtune, LitGPT and MLX-LM.
extension RecipeSynonym {
  package static let all: [RecipeSynonym] = training + run + rows + adapters + models + absent

  // MARK: - Training keys

  private static let training: [RecipeSynonym] = [
    same("lr max_lr peak_lr base_lr init_lr", .training, "learning_rate"),
    same("epochs num_epochs n_epochs max_epochs nb_epochs train_epochs", .training, "num_train_epochs"),
    same(
      "steps num_steps max_iters iters iterations num_train_steps max_train_steps total_steps", .training, "max_steps"),
    same(
      "batch_size micro_batch_size per_device_batch_size train_batch_size per_gpu_train_batch_size mini_batch_size "
        + "device_train_batch_size micro_train_batch_size", .training, "per_device_train_batch_size"),
    same(
      "grad_accum grad_accum_steps grad_accumulation_steps gradient_accumulation accumulate_grad_batches "
        + "accumulation_steps grad_acc_steps accum_steps", .training, "gradient_accumulation_steps"),
    choose(
      "global_batch_size effective_batch_size total_batch_size",
      [(.training, "per_device_train_batch_size"), (.training, "gradient_accumulation_steps")]
    ) { _ in .name },
    same(
      "max_seq_length max_length cutoff_len max_seq_len seq_len seq_length sequence_len block_size context_length "
        + "model_max_length max_sequence_length context_size n_ctx", .training, "sequence_length"),
    choose(
      "scheduler lr_scheduler lr_schedule scheduler_type lr_decay_style", [(.training, "lr_scheduler_type")]
    ) { node in
      if let word = node.word, LearningRateKind(rawValue: word) != nil {
        return .write([Setting(.training, "lr_scheduler_type", word)])
      }
      return node.word.flatMap { schedules[$0] } ?? .name
    },
    choose(
      "lr_scheduler_kwargs lr_scheduler_args",
      [(.training, "num_cycles"), (.training, "min_lr_ratio")]
    ) { node in
      let found = [("num_cycles", "num_cycles"), ("min_lr_rate", "min_lr_ratio")].compactMap { theirs, ours in
        node.member(theirs).map { Setting(.training, ours, $0.yaml) }
      }
      return found.isEmpty ? .name : .write(found)
    },
    choose(
      "warmup num_warmup_steps warmup_iters lr_warmup_steps lr_warmup_iters warm_up_steps",
      [(.training, "warmup_steps"), (.training, "warmup_ratio")]
    ) { node in
      guard let number = node.number, number >= 0 else { return .name }
      let isShare = number > 0 && number < 1
      return .write([Setting(.training, isShare ? "warmup_ratio" : "warmup_steps", node.yaml)])
    },
    same("warmup_fraction warmup_proportion warmup_ratios lr_warmup_fraction", .training, "warmup_ratio"),
    same("cosine_min_lr_ratio min_lr_rate lr_end_ratio min_learning_rate_ratio", .training, "min_lr_ratio"),
    choose("min_lr min_learning_rate eta_min lr_end", [(.training, "min_lr_ratio")]) { _ in .name },
    same("wd decay adam_weight_decay", .training, "weight_decay"),
    same("beta1 adam_b1", .training, "adam_beta1"),
    same("beta2 adam_b2", .training, "adam_beta2"),
    choose("betas adam_betas", [(.training, "adam_beta1"), (.training, "adam_beta2")]) { node in
      guard case .sequence(let pair) = node.content, pair.count == 2 else { return .name }
      return .write([
        Setting(.training, "adam_beta1", pair[0].yaml), Setting(.training, "adam_beta2", pair[1].yaml),
      ])
    },
    same("eps epsilon adam_eps optimizer_eps", .training, "adam_epsilon"),
    same(
      "gradient_clipping grad_clip clip_grad_norm gradient_clip_val max_norm clip_grad gradient_clip grad_norm_clip",
      .training, "max_grad_norm"),
    flag(
      "sample_packing pack packed multipack use_packing multipack_sampler", on: [Setting(.training, "packing", "true")],
      off: .write([Setting(.training, "packing", "false")])),
    same("shuffle_data shuffle_dataset shuffle_train", .training, "shuffle"),
    same("log_every log_every_n_steps log_interval log_steps steps_per_report print_every", .training, "logging_steps"),
    same(
      "save_every save_interval checkpoint_every ckpt_interval save_freq checkpoint_steps", .training, "save_steps"),
    same(
      "eval_every eval_interval evaluation_interval val_check_interval eval_freq steps_per_eval evals_steps", .training,
      "eval_steps"),
    same("patience early_stopping early_stop_patience", .training, "early_stopping_patience"),
    same("train_on_prompt train_on_input learn_inputs", .training, "train_on_inputs"),
    flag(
      "mask_prompt mask_inputs mask_prompts completion_only_loss assistant_only_loss response_only",
      on: [Setting(.training, "train_on_inputs", "false")],
      off: .write([Setting(.training, "train_on_inputs", "true")])),
    convert("truncation excess_length_strategy truncation_mode overlong_strategy", .training, "long_rows") { node in
      switch node.word {
      case "truncate", "true", "keep_start": "cut"
      case "drop": "drop"
      default: nil
      }
    },
    convert("mix_strategy mixing_strategy dataset_mix_strategy", .union, "sampling") { node in
      switch node.word {
      case "concat": "proportional"
      case "interleave_under", "interleave_over", "uniform": "equal"
      default: nil
      }
    },
    choose("interleave_probs dataset_weights mix_weights", [(.union, "sampling"), (.union, "weights")]) { _ in .name },
  ]

  // MARK: - Keys of the whole recipe

  private static let run: [RecipeSynonym] = [
    same(
      "output output_path out_dir save_dir checkpoint_dir run_dir save_path output_folder adapter_path", .run,
      "output_dir"),
    same("random_seed random_state data_seed manual_seed", .run, "seed"),
    flag("bf16 use_bf16 bfloat16 bf16_full_train", on: [Setting(.run, "precision", "bf16")], off: .remove(fp32)),
    flag("fp16 use_fp16 float16 half", on: [Setting(.run, "precision", "bf16")], off: .remove(fp32)),
    convert(
      "mixed_precision torch_dtype dtype compute_dtype bnb_4bit_compute_dtype model_dtype", .run, "precision"
    ) { node in node.word.flatMap { precisions[$0] } },
    flag(
      "gradient_checkpointing activation_checkpointing enable_activation_checkpointing use_gradient_checkpointing "
        + "grad_checkpoint gradient_checkpoint", on: [Setting(.run, "recompute", "block")],
      off: .remove("norms and gates alone are computed again where recompute is left out")),
    flag(
      "enable_activation_offloading offload_to_cpu cpu_offload offload_params",
      on: [Setting(.run, "offload_base", "true")], off: .remove(byDefault)),
    convert("optimizer_name optimizer_type opt", .run, "optimizer") { node in
      node.word.flatMap { OptimizerSettings.Kind(rawValue: $0) }?.rawValue
    },
    flag("no_cuda use_cpu cpu", on: [Setting(.run, "device", "cpu")], off: .remove(byDefault)),
    same("device_map gpu accelerator", .run, "device"),
    same("max_eval_samples eval_max_samples num_eval_samples", .evaluation, "max_examples"),
    same("max_new_tokens generation_max_length eval_max_new_tokens max_gen_len", .evaluation, "max_new_tokens"),
  ]

  // MARK: - Rows

  private static let rows: [RecipeSynonym] = [
    choose(
      "dataset datasets dataset_path dataset_name train_data train_file train_path train_dataset data data_path "
        + "training_data train_files dataset_dir data_files", [(.round, "train")], files("train")),
    choose(
      "eval_dataset validation_file valid_data valid_file valid_path val_data val_file eval_file eval_data "
        + "validation_data test_datasets validation eval_dataset_path", [(.round, "valid")], files("valid")),
    convert(
      "val_set_size validation_split val_split test_size val_size eval_split_ratio validation_ratio val_ratio", .round,
      "split"
    ) { node in node.number.flatMap { $0 > 0 && $0 < 1 ? rest(of: $0) : nil } },
    convert("validation_split_percentage val_split_percent", .round, "split") { node in
      node.number.flatMap { $0 > 0 && $0 < 100 ? rest(of: $0 / 100) : nil }
    },
    same("dataset_text_field text_field text_column text_feature", .columns, "text"),
    same("prompt_column prompt_field prompt_feature prompt_key field_prompt", .columns, "prompt"),
    same(
      "completion_column completion_field completion_feature response_column response_field", .columns, "completion"),
    same("field_instruction instruction_column", .columns, "instruction"),
    same("field_output output_column", .columns, "output"),
    same("messages_field field_messages messages_column chat_feature", .columns, "messages"),
  ]

  // MARK: - Adapters

  private static let adapters: [RecipeSynonym] = [
    same("r lora_r lora_rank rank adapter_rank lora_dim", .method, "rank"),
    same("alpha lora_alpha", .method, "alpha"),
    same("dropout lora_dropout", .method, "dropout"),
    same(
      "target_modules lora_target_modules lora_target lora_attn_modules lora_modules lora_targets", .method,
      "target_modules"),
    flag(
      "lora_target_linear lora_all_linear", on: [Setting(.method, "target_modules", "all-linear")],
      off: .remove("target_modules names the layers")),
    same("modules_to_save lora_modules_to_save additional_target", .method, "modules_to_save"),
    same("rank_pattern", .method, "rank_pattern"),
    same("alpha_pattern", .method, "alpha_pattern"),
    same("lora_bias", .method, "bias"),
    same("trainable_token_indices", .method, "trainable_token_indices"),
    same("use_dora peft_use_dora lora_use_dora", .method, "use_dora"),
    same("use_rslora peft_use_rslora rslora lora_use_rslora", .method, "use_rslora"),
    same("loraplus_lr_ratio lora_plus_lr_ratio", .method, "loraplus_lr_ratio"),
    same("loraplus_lr_embedding", .method, "loraplus_lr_embedding"),
    same("lora_model_dir adapter_name_or_path lora_path peft_model_id resume_adapter_file", .method, "init_adapter"),
    flag(
      "use_lora use_peft lora peft", on: [Setting(.method, "type", "lora")],
      off: .write([Setting(.method, "type", "full")])),
    flag(
      "use_qlora qlora", on: [Setting(.base, "dtype", "nf4"), Setting(.method, "type", "lora")],
      off: .remove(byDefault)),
    choose(
      "adapter finetuning_type peft_type fine_tune_type training_type train_type",
      [(.method, "type"), (.base, "dtype")]
    ) { node in node.word.flatMap { methods[$0] } ?? .name },
  ]

  // MARK: - The base

  private static let models: [RecipeSynonym] = [
    same(
      "model model_name_or_path base_model model_id model_name pretrained_model_name_or_path model_path model_dir "
        + "pretrained_model pretrained", .base, "model"),
    same(
      "tokenizer tokenizer_name tokenizer_path tokenizer_name_or_path tokenizer_dir base_model_tokenizer", .base,
      "tokenizer"),
    same("chat_template chat_template_path chat_template_jinja", .base, "chat_template"),
    flag(
      "load_in_4bit use_4bit", on: [Setting(.base, "dtype", "nf4"), Setting(.method, "type", "lora")],
      off: .remove(byDefault)),
    flag(
      "load_in_8bit use_8bit", on: [Setting(.base, "dtype", "int8"), Setting(.method, "type", "lora")],
      off: .remove(byDefault)),
    choose(
      "quantization_bit quantize quantization quant_type bnb_4bit_quant_type q_bits",
      [(.base, "dtype"), (.method, "type")]
    ) { node in node.word.flatMap { storages[$0] }.map { .write(quantized($0)) } ?? .name },
  ]

  // MARK: - What has no counterpart

  private static let absent: [RecipeSynonym] = [
    none("neftune_noise_alpha", "no noise is added to embeddings"),
    none("label_smoothing_factor label_smoothing", "targets are not smoothed"),
    none("group_by_length length_column_name", "packing fills the sequences, and rows come in the order of the seed"),
    none("attention_dropout hidden_dropout", "adapters alone have dropout"),
    none(
      "flash_attention flash_attn attn_implementation use_flash_attention_2 sdp_attention xformers_attention "
        + "use_flash_attn", "attention is always computed in tiles"),
    none("torch_compile compile use_liger_kernel liger use_unsloth", "kernels are chosen and fused by themselves"),
    none(
      "dataloader_num_workers num_workers dataloader_pin_memory dataloader_prefetch_factor dataset_num_proc "
        + "preprocessing_num_workers num_proc dataset_processes dataloader_drop_last",
      "rows are read by the program itself"),
    none("remove_unused_columns", "columns that no row needs are not read"),
    none("deepspeed fsdp fsdp_config ddp_find_unused_parameters local_rank ddp_timeout", "a run takes one device"),
    none(
      "report_to use_wandb wandb_project wandb_entity wandb_name logging_dir use_tensorboard run_name use_swanlab",
      "a run's folder has report.html and tensorboard/"),
    none("push_to_hub hub_model_id hub_strategy hub_token", "nothing is sent anywhere"),
    none("resume_from_checkpoint auto_resume_from_checkpoints resume", "a run goes on with `accrete train --resume`"),
    none("overwrite_output_dir overwrite_cache", "another run's folder is never written over"),
    none("save_total_limit save_strategy save_only_model", "a run keeps one checkpoint, and every round's model"),
    none(
      "eval_strategy evaluation_strategy do_eval eval_on_start",
      "every dataset is measured after each round, and within it where eval_steps says so"),
    none("metric_for_best_model greater_is_better", "the held-out loss decides"),
    none("do_train do_predict stage task_type", "a recipe trains causal language models"),
    none("trust_remote_code", "no code of a model is run"),
    none(
      "init_lora_weights lora_init", "adapters begin as PEFT's default does; those of other kinds are refused"),
    none(
      "fan_in_fan_out layers_to_transform layers_pattern lora_layers num_layers", "target_modules takes expressions"),
    none(
      "per_device_eval_batch_size eval_batch_size val_batch_size per_gpu_eval_batch_size eval_packing",
      "losses are measured in batches of the program's own size"),
    none("gradient_checkpointing_kwargs optim_args optim_target_modules", "it belongs to PyTorch"),
    none("padding padding_side pad_to_sequence_len pad_to_max_length pad_token", "nothing is padded"),
    none("special_tokens added_tokens tokens add_special_tokens", "base.chat_template adds the tokens that it needs"),
    none("bnb_4bit_use_double_quant double_quantization", "scales of nf4 are kept as they are"),
    none("tf32 fp8", "precision is fp32 or bf16"),
    none("roles_to_train train_on_eos train_on_eot", "assistant turns and their ends are learnt; see train_on"),
  ]
}
