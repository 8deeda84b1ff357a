extension BuiltinTemplate {
  static let chatmlSource = #"""
    {%- for message in messages %}
        {{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\n' }}
    {%- endif %}
    """#

  static let llama3Source = #"""
    {{- bos_token }}
    {%- for message in messages %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
    {%- endif %}
    """#

  static let alpacaSource = #"""
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] + '\n\n' }}
        {%- set turns = messages[1:] %}
    {%- else %}
        {{- 'Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n' }}
        {%- set turns = messages %}
    {%- endif %}
    {%- for message in turns %}
        {%- if message['role'] == 'assistant' %}
            {{- '### Response:\n' + message['content'] + eos_token + '\n\n' }}
        {%- else %}
            {{- '### Instruction:\n' + message['content'] + '\n\n' }}
        {%- endif %}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '### Response:\n' }}
    {%- endif %}
    """#

  static let mistralSource = #"""
    {{- bos_token }}
    {%- set system = messages[0]['content'] + '\n\n' if messages[0]['role'] == 'system' else '' %}
    {%- set turns = messages[1:] if system else messages %}
    {%- for message in turns %}
        {%- if message['role'] == 'user' %}
            {{- '[INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}
        {%- elif message['role'] == 'assistant' %}
            {{- ' ' + message['content'] | trim + eos_token }}
        {%- else %}
            {{- raise_exception("a turn's role is " + message['role'] + ', but should be user or assistant, after a system turn at the most') }}
        {%- endif %}
    {%- endfor %}
    """#

  static let gemmaSource = #"""
    {{- bos_token }}
    {%- set system = messages[0]['content'] | trim + '\n\n' if messages[0]['role'] == 'system' else '' %}
    {%- set turns = messages[1:] if system else messages %}
    {%- for message in turns %}
        {%- set role = 'model' if message['role'] == 'assistant' else message['role'] %}
        {{- '<start_of_turn>' + role + '\n' + (system if loop.first else '') + message['content'] | trim + '<end_of_turn>\n' }}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<start_of_turn>model\n' }}
    {%- endif %}
    """#

  static let qwen3Source = #"""
    {%- set ns = namespace(question=messages | length) %}
    {%- for message in messages %}
        {%- if message.role == 'user' %}{% set ns.question = loop.index0 %}{% endif %}
    {%- endfor %}
    {%- if tools %}
        {{- '<|im_start|>system\n' }}
        {%- if messages[0].role == 'system' %}
            {{- messages[0].content + '\n\n' }}
        {%- endif %}
        {{- '# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>' }}
        {%- for tool in tools %}
            {{- '\n' + tool | tojson }}
        {%- endfor %}
        {{- '\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n' }}
    {%- elif messages[0].role == 'system' %}
        {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
    {%- endif %}
    {%- for message in messages %}
        {%- set content = message.content if message.content is string else '' %}
        {%- if message.role == 'assistant' %}
            {%- set reasoning = '' %}
            {%- if message.reasoning_content is string %}
                {%- set reasoning = message.reasoning_content %}
            {%- elif '</think>' in content %}
                {%- set reasoning = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\n') %}
            {%- endif %}
            {{- '<|im_start|>assistant\n' }}
            {%- if loop.index0 > ns.question and (loop.last or reasoning) %}
                {{- '<think>\n' + reasoning.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
            {%- else %}
                {{- content }}
            {%- endif %}
            {%- for call in message.tool_calls or [] %}
                {%- set call = call.function or call %}
                {{- ('\n' if content or not loop.first else '') + '<tool_call>\n{"name": "' + call.name + '", "arguments": ' }}
                {{- call.arguments if call.arguments is string else call.arguments | tojson }}
                {{- '}\n</tool_call>' }}
            {%- endfor %}
            {{- '<|im_end|>\n' }}
        {%- elif message.role == 'tool' %}
            {%- if loop.first or loop.previtem.role != 'tool' %}
                {{- '<|im_start|>user' }}
            {%- endif %}
            {{- '\n<tool_response>\n' + content + '\n</tool_response>' }}
            {%- if loop.last or loop.nextitem.role != 'tool' %}
                {{- '<|im_end|>\n' }}
            {%- endif %}
        {%- elif not (loop.first and message.role == 'system') %}
            {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>\n' }}
        {%- endif %}
    {%- endfor %}
    {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\n' }}
        {%- if enable_thinking is defined and enable_thinking is false %}
            {{- '<think>\n\n</think>\n\n' }}
        {%- endif %}
    {%- endif %}
    """#
}
